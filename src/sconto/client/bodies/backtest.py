"""The bodies of `backtest` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import Literal, NotRequired, TypedDict

from sconto.client.bodies.cart import CartPromotionDraft
from sconto.client.bodies.merchant import PromotionCreate
from sconto.client.bodies.words import BacktestState, PromotionKind

BacktestToStart = TypedDict(
    "BacktestToStart",
    {
        "promotion": NotRequired[CartPromotionDraft],
        "product_promotion": NotRequired[PromotionCreate],
        "change": NotRequired[dict[str, object]],
        "promotion_id": NotRequired[int],
        "from": NotRequired[str],
        "until": NotRequired[str],
        "as_if_running": NotRequired[bool],
    },
)
"""One of `promotion`, `product_promotion` and `change`, and the period.

With `promotion_id` the draft replaces that promotion."""


class BacktestProgress(TypedDict):
    """The orders of the period, null until they are counted, and those that are done."""

    orders: int | None
    done: int


ListedBacktest = TypedDict(
    "ListedBacktest",
    {
        "id": int,
        "status": BacktestState,
        "kind": Literal["product", "cart"],
        "promotion_id": int | None,
        "name": str,
        "from": str,
        "until": str,
        "as_if_running": bool,
        "created_at": str,
        "finished_at": str | None,
        "progress": BacktestProgress,
    },
)
"""A back-test without its result."""


class LeftAside(TypedDict):
    """Orders that are not priced again: deleted, or stored without their request."""

    deleted: int
    without_request: int


class ReachedCustomers(TypedDict):
    """Customers on whose orders the draft applies, and such orders without a customer."""

    reached: int
    orders_without_customer: int


class BeforeAfterAmounts(TypedDict):
    """An amount as things stand, and with the draft."""

    before: str
    after: str


class BacktestCurrency(TypedDict):
    """The orders in a currency."""

    orders: int
    subtotal: str
    discount: BeforeAfterAmounts


class BeforeAfterCounts(TypedDict):
    """A number of orders as things stand, and with the draft."""

    before: int
    after: int


class BacktestPromotion(TypedDict):
    """The orders on which a promotion applies; a new draft has no id."""

    kind: PromotionKind
    promotion_id: int | None
    name: str | None
    draft: bool
    orders: BeforeAfterCounts
    gained: int
    """Orders on which it applies with the draft alone."""
    lost: int
    """Orders on which it no longer applies."""
    discount: dict[str, BeforeAfterAmounts]


class BacktestDay(TypedDict):
    """The discounts of the orders placed on a day in the server's zone."""

    day: str
    discount: dict[str, BeforeAfterAmounts]


class BacktestOrder(TypedDict):
    """An order with another total; the difference is below zero for a cheaper one."""

    order_id: str
    placed_at: str
    currency: str
    """An ISO 4217 code."""
    total: BeforeAfterAmounts
    difference: str


class BacktestResult(TypedDict):
    """What the draft would have done."""

    orders: int
    """Orders that were priced twice."""
    changed: int
    """With another total, or other promotions."""
    cheaper: int
    dearer: int
    left_aside: LeftAside
    customers: ReachedCustomers
    currencies: dict[str, BacktestCurrency]
    promotions: list[BacktestPromotion]
    """The draft first, then those whose orders or discounts change."""
    days: list[BacktestDay]
    largest: list[BacktestOrder]
    """Of each currency the ten orders with the largest difference."""
    promotions_edited: bool
    """Promotions were edited meanwhile: start it again to be exact."""


class Backtest(ListedBacktest):
    """A back-test; the result is null until it is finished."""

    result: BacktestResult | None


class BacktestPage(TypedDict):
    """A page of back-tests, the latest first."""

    backtests: list[ListedBacktest]
    next_cursor: str | None
