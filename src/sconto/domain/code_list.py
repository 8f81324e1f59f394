"""The codes of one promotion as a list: what is asked of it, and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sconto.domain.codes import CodeType

MOST_CODES_LISTED: Final = 1000
"""How many codes one page has at most."""

MOST_CODES_ADDED: Final = 1_000_000
"""How many codes are added at once at most: by a file, or generated."""


class CodeState(StrEnum):
    """Whether a code still serves: a one-time code that an order used up does not."""

    FREE = "free"
    USED = "used"


@dataclass(frozen=True, slots=True)
class ListedCode:
    """A code that a promotion has.

    `used_by` is the order that used it up, which counts only while the promotion's codes are
    one-time; `uses` are the redemptions of it under either type.
    """

    id: int
    code: str
    state: CodeState
    uses: int
    used_by: str | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class CodeQuery:
    """Which codes to list: up to `limit` behind the cursor of the page before.

    In the order in which they were added; with `search`, the beginning of a code in any spelling,
    in alphabetical order.
    """

    limit: int = 100
    cursor: str | None = None
    search: str | None = None
    state: CodeState | None = None


@dataclass(frozen=True, slots=True)
class CodePage:
    """Some codes, and the cursor of the page behind them; None where there is none."""

    codes: tuple[ListedCode, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class CodeCounts:
    """How many codes a promotion has, and how many of them are used up."""

    total: int
    used: int


@dataclass(frozen=True, slots=True)
class RemovedCodes:
    """How many codes were removed, and those that the promotion did not have, as sent."""

    removed: int
    unknown: tuple[str, ...]


def state_of(code_type: CodeType | None, used_at: datetime | None) -> CodeState:
    """The state of a code under the promotion's present type."""
    used = code_type is CodeType.ONE_TIME and used_at is not None
    return CodeState.USED if used else CodeState.FREE
