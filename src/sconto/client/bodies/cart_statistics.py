"""The bodies of `cart_statistics` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import NotRequired, TypedDict


class CartCodeUses(TypedDict):
    """A code, and how many orders it served."""

    code: str
    orders: int


class CartDayUses(TypedDict):
    """The promotion's discounts on a day."""

    day: str
    orders: int
    discount: dict[str, str]


class CartTotalLeft(TypedDict):
    """What is left of the limit of orders."""

    limit: int
    taken: int
    left: int


class CartBudgetLeft(TypedDict):
    """What is left of the budget in a currency."""

    limit: str
    taken: str
    left: str


class CartLimitsLeft(TypedDict):
    """What is left of the limits; only those that the promotion has."""

    total: NotRequired[CartTotalLeft]
    budget: NotRequired[dict[str, CartBudgetLeft]]


class OrdersPace(TypedDict):
    """Orders in a day at the pace of a window, and when the limit is used up at that pace.

    `used_up_at` is null if nothing is used, nothing is left, or the promotion ends earlier.
    """

    per_day: int
    used_up_at: str | None


class OrdersForecast(TypedDict):
    """By the pace of the last 24 hours, and of the last 7 days."""

    last_day: OrdersPace
    last_week: OrdersPace


class MoneyPace(TypedDict):
    """Money in a day at the pace of a window, and when the budget is used up at that pace."""

    per_day: str
    used_up_at: str | None


class BudgetForecast(TypedDict):
    """By the pace of the last 24 hours, and of the last 7 days."""

    last_day: MoneyPace
    last_week: MoneyPace


class CartForecast(TypedDict):
    """When the limits will be used up; only those that the promotion has."""

    total: NotRequired[OrdersForecast]
    budget: NotRequired[dict[str, BudgetForecast]]


class CartPromotionStatistics(TypedDict):
    """The promotion's discounts. Deleted orders stay counted, except against the limits."""

    promotion_id: int
    orders: int
    discount: dict[str, str]
    codes: list[CartCodeUses]
    days: list[CartDayUses]
    limits: CartLimitsLeft
    forecast: NotRequired[CartForecast]
    """While the promotion runs and has a limit of orders or a budget."""
