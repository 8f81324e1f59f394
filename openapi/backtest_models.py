"""The bodies of back-tests, with an example of each."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from openapi.cart_models import SENT, CartPromotionDraft
from openapi.fields import Absent, Currency, Instant, Total, strict
from openapi.merchant_models import PromotionCreate
from sconto.domain.backtest.job import BacktestState
from sconto.domain.promotion_kind import PromotionKind

Count = Annotated[int, Field(ge=0)]
Difference = Annotated[str, Field(pattern=r"^-?(0|[1-9][0-9]{0,23})(\.[0-9]{1,4})?$")]

_JOB: Final[JsonDict] = {
    "id": 3,
    "status": "finished",
    "kind": "cart",
    "promotion_id": None,
    "name": "10 off from 50",
    "from": "2026-10-29T00:00:00+00:00",
    "until": "2026-11-28T00:00:00+00:00",
    "as_if_running": True,
    "created_at": "2026-11-28T09:00:00+00:00",
    "finished_at": "2026-11-28T09:00:04+00:00",
    "progress": {"orders": 1200, "done": 1200},
}
_RESULT: Final[JsonDict] = {
    "orders": 1188,
    "changed": 88,
    "cheaper": 85,
    "dearer": 3,
    "left_aside": {"deleted": 12, "without_request": 0},
    "customers": {"reached": 61, "orders_without_customer": 9},
    "currencies": {
        "EUR": {
            "orders": 1188,
            "subtotal": "61000.00",
            "discount": {"before": "2400.00", "after": "3100.00"},
        }
    },
    "promotions": [
        {
            "kind": "cart",
            "promotion_id": None,
            "name": "10 off from 50",
            "draft": True,
            "orders": {"before": 0, "after": 88},
            "gained": 88,
            "lost": 0,
            "discount": {"EUR": {"before": "0.00", "after": "880.00"}},
        }
    ],
    "days": [{"day": "2026-11-27", "discount": {"EUR": {"before": "80.00", "after": "110.00"}}}],
    "largest": [
        {
            "order_id": "A-1001",
            "placed_at": "2026-11-27T18:00:00+00:00",
            "currency": "EUR",
            "total": {"before": "70.00", "after": "60.00"},
            "difference": "-10.00",
        }
    ],
    "promotions_edited": False,
}


class BacktestToStart(BaseModel):
    """One of `promotion`, `product_promotion` and `change`, and the period.

    With `promotion_id` the draft replaces that promotion.
    """

    model_config = strict({"promotion": SENT, "from": "2026-06-01T00:00:00+00:00"})

    promotion: Annotated[
        CartPromotionDraft | Absent, Field(description="A cart promotion, as for `_try`.")
    ] = None
    product_promotion: Annotated[
        PromotionCreate | Absent,
        Field(description="A product promotion: the body of `POST /v1/promotion`."),
    ] = None
    change: Annotated[
        dict[str, object] | Absent,
        Field(
            description="A change to the promotion with the `promotion_id`: a merge patch of a "
            "cart promotion, or the body of `PATCH /v1/promotion/{promotion_id}`, which need not "
            "have `promotion_type`."
        ),
    ] = None
    promotion_id: int | Absent = None
    from_: Annotated[
        Instant | Absent, Field(alias="from", description="30 days before `until` if absent.")
    ] = None
    until: Annotated[Instant | Absent, Field(description="Excluded; now if absent.")] = None
    as_if_running: Annotated[
        bool | Absent,
        Field(
            description="Take the draft as active in the whole period, whatever its dates: true "
            "without a `promotion_id`, else false."
        ),
    ] = None


class BacktestProgress(BaseModel):
    """The orders of the period, null until they are counted, and those that are done."""

    orders: Count | None
    done: Count


class BeforeAfterAmounts(BaseModel):
    """An amount as things stand, and with the draft."""

    before: Total
    after: Total


class BeforeAfterCounts(BaseModel):
    """A number of orders as things stand, and with the draft."""

    before: Count
    after: Count


class LeftAside(BaseModel):
    """Orders that are not priced again: deleted, or stored without their request."""

    deleted: Count
    without_request: Count


class ReachedCustomers(BaseModel):
    """Customers on whose orders the draft applies, and such orders without a customer."""

    reached: Count
    orders_without_customer: Count


class BacktestCurrency(BaseModel):
    """The orders in a currency."""

    orders: Count
    subtotal: Total
    discount: BeforeAfterAmounts


class BacktestPromotion(BaseModel):
    """The orders on which a promotion applies; a new draft has no id."""

    kind: PromotionKind
    promotion_id: int | None
    name: str | None
    draft: bool
    orders: BeforeAfterCounts
    gained: Annotated[Count, Field(description="Orders on which it applies with the draft alone.")]
    lost: Annotated[Count, Field(description="Orders on which it no longer applies.")]
    discount: dict[Currency, BeforeAfterAmounts]


class BacktestDay(BaseModel):
    """The discounts of the orders placed on a day in the server's zone."""

    day: date
    discount: dict[Currency, BeforeAfterAmounts]


class BacktestOrder(BaseModel):
    """An order with another total; the difference is below zero for a cheaper one."""

    order_id: str
    placed_at: Instant
    currency: Currency
    total: BeforeAfterAmounts
    difference: Difference


class BacktestResult(BaseModel):
    """What the draft would have done."""

    orders: Annotated[Count, Field(description="Orders that were priced twice.")]
    changed: Annotated[Count, Field(description="With another total, or other promotions.")]
    cheaper: Count
    dearer: Count
    left_aside: LeftAside
    customers: ReachedCustomers
    currencies: dict[Currency, BacktestCurrency]
    promotions: Annotated[
        list[BacktestPromotion],
        Field(description="The draft first, then those whose orders or discounts change."),
    ]
    days: list[BacktestDay]
    largest: Annotated[
        list[BacktestOrder],
        Field(description="Of each currency the ten orders with the largest difference."),
    ]
    promotions_edited: Annotated[
        bool, Field(description="Promotions were edited meanwhile: start it again to be exact.")
    ]


class ListedBacktest(BaseModel):
    """A back-test without its result."""

    model_config = ConfigDict(json_schema_extra={"example": _JOB})

    id: int
    status: BacktestState
    kind: Literal["product", "cart"]
    promotion_id: int | None
    name: str
    from_: Annotated[Instant, Field(alias="from")]
    until: Instant
    as_if_running: bool
    created_at: Instant
    finished_at: Instant | None
    progress: BacktestProgress


class Backtest(ListedBacktest):
    """A back-test; the result is null until it is finished."""

    model_config = ConfigDict(json_schema_extra={"example": {**_JOB, "result": _RESULT}})

    result: BacktestResult | None


class BacktestPage(BaseModel):
    """A page of back-tests, the latest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"backtests": [_JOB], "next_cursor": None}}
    )

    backtests: list[ListedBacktest]
    next_cursor: str | None
