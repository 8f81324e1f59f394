"""A merchant's home page: what needs attention, the first steps, and the next promotions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.schedule import Period

ENDS_SOON: Final = timedelta(hours=48)
"""A promotion needs attention this long before it ends."""

BEATEN_DAYS: Final = 30
"""Over how many days a promotion must have been beaten in all orders to say that it never wins."""

LOOKED_AT: Final = 1_000
"""Promotions that are checked for codes, limits and winning: the latest started that run."""

MAX_OF_A_CONCERN: Final = 5
"""Promotions that are named for each concern."""


@dataclass(frozen=True, slots=True)
class NamedPromotion:
    """A promotion, with what its link and its name need."""

    kind: PromotionKind
    id: int
    name: str


class Concern(StrEnum):
    """Why a promotion that is running needs attention."""

    ENDS_SOON = "ends soon"
    NEARLY_USED = "nearly used"
    NO_CODES = "no codes"
    NEVER_WINS = "never wins"


@dataclass(frozen=True, slots=True)
class Attention:
    """A promotion that needs attention.

    `ends_at` is set if it ends soon. `of` says what is nearly used up: `codes`, `total`, or the
    currency of a budget; `left` is what is left of it, in codes, uses or minor units. `beaten` is
    the number of orders in which others gave more; 0 if a newer promotion always wins.
    """

    concern: Concern
    promotion: NamedPromotion
    ends_at: datetime | None = None
    of: str | None = None
    left: int = 0
    beaten: int = 0


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """The first steps of a new shop, in their order, and whether each is done."""

    has_products: bool
    has_promotion: bool
    has_running_promotion: bool
    has_order: bool
    has_discounted_order: bool

    @property
    def is_done(self) -> bool:
        """Whether the last step is done; then the earlier ones no longer matter."""
        return self.has_discounted_order


@dataclass(frozen=True, slots=True)
class CalendarPosition:
    """A position in a calendar, which begins with the promotion that starts last."""

    starts_at: datetime
    promotion_id: int


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A promotion that is switched on, with its period."""

    promotion: NamedPromotion
    period: Period


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a calendar shows, from one instant to another, the second excluded."""

    first: datetime
    end: datetime

    def place(self, instant: datetime) -> int:
        """The position of an instant, in thousandths of the window; 0 or 1000 outside it."""
        part, whole = instant - self.first, self.end - self.first
        return min(max(part * 1000 // whole, 0), 1000)


@dataclass(frozen=True, slots=True)
class Bar:
    """The part of a period that is in a window, in thousandths of the window."""

    start: int
    length: int


_SHORTEST: Final = 8


def bar_of(period: Period, window: Window) -> Bar:
    """The bar of a period in a window; always inside, and wide enough to be seen."""
    over_from = period.over_from
    start = window.place(period.starts_at)
    end = 1000 if over_from is None else window.place(over_from)
    length = max(end - start, _SHORTEST)
    return Bar(min(start, 1000 - length), length)
