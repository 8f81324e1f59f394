"""The statistics of cart promotions, with an example."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from openapi.fields import Absent, Instant, Total


class CartCodeUses(BaseModel):
    """A code, and how many orders it served."""

    code: str
    orders: int


class CartDayUses(BaseModel):
    """The promotion's discounts on a day."""

    day: date
    orders: int
    discount: dict[str, Total]


class CartTotalLeft(BaseModel):
    """What is left of the limit of orders."""

    limit: int
    taken: int
    left: int


class CartBudgetLeft(BaseModel):
    """What is left of the budget in a currency."""

    limit: Total
    taken: Total
    left: Total


class CartLimitsLeft(BaseModel):
    """What is left of the limits; only those that the promotion has."""

    total: CartTotalLeft | Absent = None
    budget: dict[str, CartBudgetLeft] | Absent = None


class OrdersPace(BaseModel):
    """Orders in a day at the pace of a window, and when the limit is used up at that pace.

    `used_up_at` is null if nothing is used, nothing is left, or the promotion ends earlier.
    """

    per_day: int
    used_up_at: Instant | None


class MoneyPace(BaseModel):
    """Money in a day at the pace of a window, and when the budget is used up at that pace."""

    per_day: Total
    used_up_at: Instant | None


class OrdersForecast(BaseModel):
    """By the pace of the last 24 hours, and of the last 7 days."""

    last_day: OrdersPace
    last_week: OrdersPace


class BudgetForecast(BaseModel):
    """By the pace of the last 24 hours, and of the last 7 days."""

    last_day: MoneyPace
    last_week: MoneyPace


class CartForecast(BaseModel):
    """When the limits will be used up; only those that the promotion has."""

    total: OrdersForecast | Absent = None
    budget: dict[str, BudgetForecast] | Absent = None


class CartPromotionStatistics(BaseModel):
    """The promotion's discounts. Deleted orders stay counted, except against the limits."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "promotion_id": 51,
                "orders": 2,
                "discount": {"EUR": "20.00"},
                "codes": [],
                "days": [{"day": "2026-11-28", "orders": 2, "discount": {"EUR": "20.00"}}],
                "limits": {"total": {"limit": 5000, "taken": 2, "left": 4998}},
                "forecast": {
                    "total": {
                        "last_day": {"per_day": 2, "used_up_at": "2033-09-30T12:00:00+00:00"},
                        "last_week": {"per_day": 0, "used_up_at": None},
                    }
                },
            }
        }
    )

    promotion_id: int
    orders: int
    discount: dict[str, Total]
    codes: list[CartCodeUses]
    days: list[CartDayUses]
    limits: CartLimitsLeft
    forecast: Annotated[
        CartForecast | Absent,
        Field(description="While the promotion runs and has a limit of orders or a budget."),
    ] = None
