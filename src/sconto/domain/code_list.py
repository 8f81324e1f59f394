"""The codes of one promotion as a list: its queries and its answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sconto.domain.codes import CodeType
from sconto.domain.spreadsheet import shown_as_text

MAX_CODES_LISTED: Final = 1000
"""The longest page, in codes."""

MAX_CODES_ADDED: Final = 1_000_000
"""The most codes that one file or one generation adds."""

MAX_CODES_COUNTED: Final = 10_000
"""A page counts the codes of a promotion up to this number; more are "more than" it."""


CODE_COLUMNS: Final = ("coupon_code", "coupon_id", "state", "coupon_uses", "used_by", "used_at")
"""The columns of a file of codes, from the portal and from the command line."""


class CodeState(StrEnum):
    """Whether a code can still be used; a one-time code that an order used up cannot."""

    FREE = "free"
    USED = "used"


@dataclass(frozen=True, slots=True)
class ListedCode:
    """A code of a promotion.

    `used_by` is the order that used it up; it only matters while the promotion's codes are
    one-time. `uses` are its redemptions under either type. `held_for` is the order id that it is
    held for until `held_until`, which may be past.
    """

    id: int
    code: str
    state: CodeState
    uses: int
    used_by: str | None
    used_at: datetime | None
    held_for: str | None = None
    held_until: datetime | None = None

    def is_held(self, now: datetime) -> bool:
        """Whether the code is held for an order, and no order used it."""
        return self.held_until is not None and self.held_until > now and self.used_at is None


def code_cells(code: ListedCode, *, for_people: bool) -> tuple[object, ...]:
    """The cells of a code, in the order of CODE_COLUMNS; times are in UTC.

    No order id can be taken for a formula, nor any code if the file is for people.
    """
    return (
        shown_as_text(code.code) if for_people else code.code,
        code.id,
        code.state.value,
        code.uses,
        shown_as_text(code.used_by or ""),
        "" if code.used_at is None else code.used_at.isoformat(timespec="seconds"),
    )


@dataclass(frozen=True, slots=True)
class CodeQuery:
    """Which codes to list: up to `limit` after the cursor of the previous page.

    They are in the order in which they were added. With `search`, the beginning of a code in any
    spelling, they are in alphabetical order. With `anywhere` the last page is filled with unused
    codes that have the text elsewhere, if it has three characters or more.
    """

    limit: int = 100
    cursor: str | None = None
    search: str | None = None
    state: CodeState | None = None
    anywhere: bool = False


@dataclass(frozen=True, slots=True)
class CodePage:
    """Some codes, and the cursor of the next page; None on the last page."""

    codes: tuple[ListedCode, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class CodeCounts:
    """How many codes a promotion has, and how many of them an order used up."""

    total: int
    used: int

    @property
    def free(self) -> int:
        """Codes that no order used up."""
        return self.total - self.used


@dataclass(frozen=True, slots=True)
class RemovedCodes:
    """How many codes were removed, and which ones the promotion did not have, as sent."""

    removed: int
    unknown: tuple[str, ...]


def state_of(code_type: CodeType | None, used_at: datetime | None) -> CodeState:
    """The state of a code under the promotion's current type."""
    used = code_type is CodeType.ONE_TIME and used_at is not None
    return CodeState.USED if used else CodeState.FREE
