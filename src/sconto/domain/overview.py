"""Overviews: what a list tells of each promotion, and which promotions it has."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sconto.domain.codes import CodeType
from sconto.domain.promotion import PromotionSummary, PromotionType

DAYS_SHOWN: Final = 30
"""How many days the uses of a promotion are told by day, today included."""

MOST_COUNTED: Final = 100
"""How many products and codes of a promotion are counted; where there are more, it is told so."""


class ListOrder(StrEnum):
    """What a list is sorted by."""

    EDITED = "edited"
    CREATED = "created"
    NAME = "name"
    END = "end"


class ListState(StrEnum):
    """Which promotions a list has: of those that are on, some are not running."""

    RUNNING = "running"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    ON = "on"
    OFF = "off"
    USED_UP = "used_up"


@dataclass(frozen=True, slots=True)
class ListPosition:
    """A place in a list: what its order sorts by, and the promotion that stands there."""

    key: datetime | str | int
    promotion_id: int


@dataclass(frozen=True, slots=True)
class OverviewQuery:
    """Up to `limit` promotions that stand after a place; `search` is part of the name."""

    limit: int = 25
    order: ListOrder = ListOrder.EDITED
    after: ListPosition | None = None
    type: PromotionType | None = None
    state: ListState | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """What a promotion gives: the lowest and the highest percent, on how many products.

    `products` None means all; of more than MOST_COUNTED, MOST_COUNTED + 1 are told.
    """

    lowest: int
    highest: int
    products: int | None


@dataclass(frozen=True, slots=True)
class PromotionHeading:
    """What every page about a promotion shows of it; `used_up` as in `PromotionOverview`."""

    summary: PromotionSummary
    code_type: CodeType | None
    used_up: bool


@dataclass(frozen=True, slots=True)
class PromotionOverview:
    """A promotion in a list.

    `codes` are the first of `code_count`, which is at most MOST_COUNTED + 1. `used_up`: the codes
    are one-time and all are used. `daily_uses` are those of the last DAYS_SHOWN days, latest last.
    """

    summary: PromotionSummary
    discount: Discount | None
    code_type: CodeType | None
    codes: tuple[str, ...]
    code_count: int
    used_up: bool
    uses: int
    daily_uses: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """Some of the promotions; `next` is where to go on, None at the end of the list.

    There may be fewer than the limit, or none, and yet more to come: a search looks through a
    bounded number of promotions at a time.
    """

    overviews: tuple[PromotionOverview, ...]
    next: ListPosition | None


@dataclass(frozen=True, slots=True)
class DeletedPromotion:
    """A promotion that is deleted, and since when."""

    summary: PromotionSummary
    deleted_at: datetime


def fill_days(uses: dict[date, int], today: date) -> tuple[int, ...]:
    """The uses of each of the last DAYS_SHOWN days; a day that is not named had none."""
    latest = today.toordinal()
    return tuple(
        uses.get(date.fromordinal(day), 0) for day in range(latest - DAYS_SHOWN + 1, latest + 1)
    )
