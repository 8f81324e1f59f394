"""Why something of an export is not carried over, or is different here: data, without words."""

from enum import Enum, auto
from typing import NamedTuple


class NoteKind(Enum):
    """What a note says; its values are in the comment."""

    # A cell that cannot be read: its heading, and its text or what was expected.
    NOT_A_FLAG = auto()
    NOT_A_COUNT = auto()
    NOT_A_PERCENT = auto()
    NOT_AN_AMOUNT = auto()  # the heading, the currency, the text
    NOT_A_MOMENT = auto()
    NOT_A_CURRENCY = auto()  # the text
    NOT_PRODUCT_IDS = auto()  # the heading
    CURRENCY_MISSING = auto()

    # Codes.
    NOT_A_CODE = auto()
    NAME_NOT_A_CODE = auto()
    ID_NOT_A_CODE = auto()
    ID_IS_THE_CODE = auto()
    CODE_REPEATED = auto()
    COUPON_NOT_CARRIED = auto()
    COUPON_WITHOUT_CODES = auto()
    NAME_TAKEN = auto()

    # A state in which nothing is to be carried over.
    OVER = auto()
    NOT_VALID = auto()
    NOT_ACTIVE = auto()
    IN_THE_TRASH = auto()
    NOT_PUBLISHED = auto()
    USED_UP = auto()
    PARTLY_USED = auto()  # the uses, the limit

    # Terms.
    TAKES_NOTHING_OFF = auto()
    REPEATING = auto()  # the months, or an empty text
    EACH_ORDER = auto()
    TERMS_NOT_EXPORTED = auto()  # the type
    NO_COUNTERPART = auto()  # what has none
    VALUE_WITHOUT_COUNTERPART = auto()  # the heading, its text
    PRODUCTS_NOT_EXPORTED = auto()
    PRODUCTS_TO_CHOOSE = auto()
    PRODUCTS_MISSING = auto()  # their ids
    OFF_EACH_UNIT = auto()
    CATEGORIES = auto()  # the tags
    MINIMUM_UNREADABLE = auto()  # the text
    MINIMUM_NOT_AN_AMOUNT = auto()  # the currency, the text
    MAXIMUM = auto()
    LIMIT_SHARED = auto()
    OTHER_MINOR_UNIT = auto()  # the currency
    FOR_ONE_CUSTOMER = auto()
    FOR_CERTAIN_CUSTOMERS = auto()
    FOR_CERTAIN_ADDRESSES = auto()

    # A row of a file that is not read.
    ROW_UNREADABLE = auto()  # the fault


class Note(NamedTuple):
    """A note with its values."""

    kind: NoteKind
    values: tuple[object, ...] = ()


class Unreadable(Exception):
    """Something cannot be read, so its row is not carried over."""

    def __init__(self, kind: NoteKind, *values: object) -> None:
        super().__init__(kind.name, *values)
        self.note = Note(kind, values)
