"""Search: the text in the search field, and the results."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from unicodedata import category, normalize

from sconto.domain.blanks import trim
from sconto.domain.codes import code_key
from sconto.domain.names import NAME_LENGTH, is_reference
from sconto.domain.numbers import parse_id
from sconto.domain.overview import ListKind
from sconto.domain.schedule import Period

PART_LENGTH: Final = 3
"""A shorter text is compared with the beginnings of words, codes and ids only."""

MAX_WORDS: Final = 8
"""Words of a search that are looked for."""

DROPPED: Final = (
    (0x300, 0x36F), (0xAD, 0xAD), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF),
)  # fmt: skip
"""Characters that searches ignore: accents, direction marks and others without width.

Indexes depend on them: a change needs a migration that builds `store.search_indexes` again.
"""

_CAPITALS: Final = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}
_FOLDING: Final = _CAPITALS | {
    point: None for first, last in DROPPED for point in range(first, last + 1)
}
_UNSTORABLE: Final = frozenset(["Cc", "Cs"])


class SearchKind(StrEnum):
    """The kinds of results."""

    PROMOTION = "promotion"
    SUBSCRIPTION = "subscription"
    CODE = "code"
    ORDER = "order"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class SearchText:
    """A typed text, read as each thing that can be searched for.

    `words` are parts of a name, all of which must match; `code` is part of the key of a code.
    `order_ids` are beginnings of ids. Each is empty if the text cannot match such a thing.
    """

    typed: str
    words: tuple[str, ...] = ()
    code: str = ""
    order_ids: tuple[str, ...] = ()
    product_id: int | None = None

    @property
    def is_short(self) -> bool:
        """Whether the text is so short that it must match a beginning."""
        return len(self.typed) < PART_LENGTH


@dataclass(frozen=True, slots=True)
class FoundPromotion:
    """A product or cart promotion."""

    id: int
    kind: ListKind
    name: str
    active: bool
    period: Period


@dataclass(frozen=True, slots=True)
class FoundSubscription:
    """A subscription promotion with its code."""

    id: int
    name: str
    code: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A code, with its promotion, and the order that used it up while it was one-time."""

    code: str
    used_by: str | None
    promotion_id: int
    promotion_name: str
    promotion_kind: ListKind


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """An order."""

    order_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FoundProduct:
    """A product of the catalogue; the price is in the currency's minor unit."""

    product_id: int
    name: str
    price: int
    currency: str


@dataclass(frozen=True, slots=True)
class Found:
    """The results, of each kind the best first, and of which kinds there are more.

    While the search is `preparing` after an upgrade, it finds only orders and beginnings of codes.
    """

    promotions: tuple[FoundPromotion, ...] = ()
    subscriptions: tuple[FoundSubscription, ...] = ()
    codes: tuple[FoundCode, ...] = ()
    orders: tuple[FoundOrder, ...] = ()
    products: tuple[FoundProduct, ...] = ()
    more: frozenset[SearchKind] = frozenset()
    preparing: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not any(
            (self.promotions, self.subscriptions, self.codes, self.orders, self.products)
        )


def fold_name(text: str) -> str:
    """The text as searches compare it: without case, accents and invisible characters."""
    return normalize("NFKD", text.casefold()).translate(_FOLDING)


def needle(word: str) -> str:
    """The text to search in stored names, which have two blanks before each word.

    So a short word matches only at the beginning of words, by the trigram that begins there.
    """
    return word.rjust(PART_LENGTH)


def trigrams(text: str) -> list[str]:
    """All different sequences of three characters in the text."""
    return sorted({text[start : start + 3] for start in range(len(text) - 2)})


def pairs(text: str) -> tuple[list[str], list[str]]:
    """The text in pairs of characters, from its first character on, and from its second."""
    first, second = (
        sorted({text[at : at + 2] for at in range(start, len(text) - 1, 2)}) for start in (0, 1)
    )
    return first, second


def read_search(text: str) -> SearchText | None:
    """The meanings of the text; None for a text of blanks alone.

    A text that is longer than any name, or has characters that are never stored, matches nothing.
    """
    typed = trim(text)
    if not typed:
        return None
    if len(typed) > NAME_LENGTH or any(category(letter) in _UNSTORABLE for letter in typed):
        return SearchText(typed)
    words = tuple(dict.fromkeys(fold_name(typed).split()))[:MAX_WORDS]
    # A shop's id may begin or end with a blank, and people type small letters for capitals.
    spellings = dict.fromkeys((text, typed, typed.upper(), typed.lower()))
    return SearchText(
        typed,
        words,
        code_key(typed) or "",
        tuple(spelling for spelling in spellings if is_reference(spelling)),
        parse_id(typed),
    )


def best_first(found: list[FoundPromotion], words: tuple[str, ...]) -> list[FoundPromotion]:
    """Names that begin with the words first, then the newest."""
    beginning = " ".join(words)
    return sorted(found, key=lambda one: (not fold_name(one.name).startswith(beginning), -one.id))
