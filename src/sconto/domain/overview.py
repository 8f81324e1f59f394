"""Overviews: the list of promotions, and what it shows of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sconto.domain.bill import PricedLine
from sconto.domain.cart_promotion import CartPromotion
from sconto.domain.codes import CodeType
from sconto.domain.product import Product
from sconto.domain.promotion import PromotionSummary
from sconto.domain.schedule import Period

DAYS_SHOWN: Final = 30
"""For how many days, including today, a list counts orders and discounts."""

MAX_COUNTED: Final = 100
"""Products and codes of a promotion are counted up to this number; more are "more than" it."""


class ListOrder(StrEnum):
    """What the list is sorted by."""

    EDITED = "edited"
    CREATED = "created"
    NAME = "name"
    START = "start"
    END = "end"

    @property
    def falls(self) -> bool:
        """Whether the list begins with the highest value unless it is reversed."""
        return self in (ListOrder.EDITED, ListOrder.CREATED)


class ListKind(StrEnum):
    """Which kind of promotions to list: product promotions of one type, or cart promotions."""

    DISCOUNT = "discount"
    COUPON = "coupon"
    CART = "cart"


class ListState(StrEnum):
    """Which promotions to list. Promotions that are on may not be running."""

    RUNNING = "running"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    ON = "on"
    OFF = "off"
    USED_UP = "used_up"


@dataclass(frozen=True, slots=True)
class ListPosition:
    """A position in a list: the sort key and the id of the promotion there."""

    key: datetime | str | int
    promotion_id: int


@dataclass(frozen=True, slots=True)
class OverviewQuery:
    """Up to `limit` promotions after a position, or the last ones before one.

    `turned` reverses the order. `search` matches names and codes.
    """

    limit: int = 25
    order: ListOrder = ListOrder.EDITED
    turned: bool = False
    after: ListPosition | None = None
    before: ListPosition | None = None
    kind: ListKind | None = None
    state: ListState | None = None
    search: str | None = None

    @property
    def falls(self) -> bool:
        """Whether the list begins with the highest value."""
        return self.order.falls is not self.turned


@dataclass(frozen=True, slots=True)
class ListCount:
    """How many promotions match; a lower bound unless it is exact."""

    number: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Discount:
    """What a promotion gives: the lowest and the highest percent, and on how many products.

    `products` is None for all products, and at most MAX_COUNTED + 1.
    """

    lowest: int
    highest: int
    products: int | None


@dataclass(frozen=True, slots=True)
class PromotionHeading:
    """What every page about a promotion shows of it; `used_up` as in `ListedCodes`."""

    summary: PromotionSummary
    code_type: CodeType | None
    used_up: bool


@dataclass(frozen=True, slots=True)
class ListedCodes:
    """The codes of a promotion in a list: the first of `count`, which is at most MAX_COUNTED + 1.

    `used_up`: they are one-time and all are used.
    """

    type: CodeType | None
    first: tuple[str, ...]
    count: int
    used_up: bool


@dataclass(frozen=True, slots=True)
class ListedOrders:
    """The orders in which a promotion applied, in the last DAYS_SHOWN days.

    `daily` is by day, the latest last; `discounts` is what it took off, by currency, the one with
    the most orders first.
    """

    daily: tuple[int, ...]
    discounts: Mapping[str, int]

    @property
    def count(self) -> int:
        """The number of all of them."""
        return sum(self.daily)


@dataclass(frozen=True, slots=True)
class PromotionOverview:
    """A product promotion in a list."""

    summary: PromotionSummary
    discount: Discount | None
    codes: ListedCodes
    orders: ListedOrders

    @property
    def kind(self) -> ListKind:
        """The kind by which a list is filtered."""
        return ListKind(self.summary.type.value)

    @property
    def used_up(self) -> bool:
        """As in `PromotionHeading`."""
        return self.codes.used_up


@dataclass(frozen=True, slots=True)
class CartPromotionOverview:
    """A cart promotion in a list."""

    summary: CartPromotion
    codes: ListedCodes
    orders: ListedOrders

    @property
    def kind(self) -> ListKind:
        """The kind by which a list is filtered."""
        return ListKind.CART


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """Some of the promotions. `next` is the position of the next page; None if there is none.

    `previous` is that of the previous page. A page may have fewer promotions than the limit, or
    none, and still have a next page, because filters read a limited number of promotions at a time.
    """

    overviews: tuple[PromotionOverview | CartPromotionOverview, ...]
    count: ListCount
    previous: ListPosition | None
    next: ListPosition | None


@dataclass(frozen=True, slots=True)
class ExamplePrice:
    """What one unit of a product costs with all promotions as they are."""

    product: Product
    line: PricedLine


@dataclass(frozen=True, slots=True)
class DeletedPromotion:
    """A deleted promotion, and when it was deleted."""

    id: int
    kind: ListKind
    name: str
    period: Period
    deleted_at: datetime


@dataclass(frozen=True, slots=True)
class ChosenPromotion:
    """A promotion that somebody chose in a list."""

    id: int
    kind: ListKind
    name: str
    active: bool
    period: Period


def fill_days(orders: Mapping[date, int], today: date) -> tuple[int, ...]:
    """The orders of each of the last DAYS_SHOWN days, with zeros for missing days."""
    latest = today.toordinal()
    return tuple(
        orders.get(date.fromordinal(day), 0) for day in range(latest - DAYS_SHOWN + 1, latest + 1)
    )
