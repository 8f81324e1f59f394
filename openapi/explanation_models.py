"""The bodies of explanations, with an example of each."""

from typing import Annotated, Final

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from openapi.cart_outcome_models import NextTier
from openapi.checkout_models import Percent, PricedCart
from openapi.fields import Absent, Currency, Instant, Total, strict
from sconto.domain.cart_offers import CartReason
from sconto.domain.choice import Group
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.explained_steps import StepName
from sconto.domain.explanation import PromotionStatus
from sconto.domain.order import OrderStatus
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.replay_causes import ChangeKind, ChangeReason
from sconto.domain.subscription import CodeReason

PromotionId = Annotated[
    int | str, Field(description="A number; a string for a subscription promotion.")
]

_NO_STEP: Final[JsonDict] = {"discount": "0.00", "promotions": []}
_STEPS: Final = [
    {
        "step": "product_promotions",
        "before": "39.98",
        "discount": "4.00",
        "after": "35.98",
        "text": "Product promotions: 4.00 EUR off 39.98 EUR, which leaves 35.98 EUR.",
        "promotions": [
            {
                "promotion_id": 36,
                "name": "Autumn",
                "code": "PROMO-001",
                "applied": True,
                "discount": "4.00",
                "group": "code",
                "reasons": [],
                "lines": [
                    {
                        "line_id": "1",
                        "before": "39.98",
                        "discount": "4.00",
                        "discount_percent": "10",
                    }
                ],
                "text": "It takes 10 % of 39.98 EUR, 4.00 EUR, off line 1.",
            }
        ],
    },
    *[
        {
            **_NO_STEP,
            "step": step,
            "before": "35.98",
            "after": "35.98",
            "text": f"{name}: none was considered.",
        }
        for step, name in (
            ("lines", "Cart promotions on lines"),
            ("order", "Cart promotions on the order"),
            ("shipping", "Cart promotions on shipping"),
            ("subscription", "The subscription's code"),
        )
    ],
]
_EXPLANATION: Final[JsonDict] = {
    "currency": "EUR",
    "subtotal": "39.98",
    "discount": "4.00",
    "total": "35.98",
    "text": "The lines cost 39.98 EUR. Promotions take 4.00 EUR off. The total is 35.98 EUR.",
    "steps": _STEPS,  # type: ignore[dict-item]
    "codes": [{"code": "PROMO-001", "status": "applied", "text": "It gives a discount."}],
}


class ExplainedLine(BaseModel):
    """A line in a step: what is left of it before, and what the promotion takes off it."""

    model_config = strict()

    line_id: str
    before: Total
    discount: Total
    discount_percent: Annotated[Percent | Absent, Field(description="Of a product promotion.")] = (
        None
    )
    reason: Annotated[
        PromotionStatus | Absent, Field(description="Why a product promotion lost on this line.")
    ] = None


class ExplainedReason(BaseModel):
    """Why a promotion takes nothing off, with the facts behind it."""

    model_config = strict()

    reason: CartReason | PromotionStatus | CodeReason
    have: Total | int | Absent = None
    need: Total | int | Absent = None
    missing: Total | int | Absent = None
    starts_at: Instant | Absent = None
    ended_at: Instant | Absent = None
    used_at: Instant | Absent = None
    held_until: Instant | Absent = None


class ExplainedPromotion(BaseModel):
    """A promotion that a step considered, and its result, in facts and in words."""

    model_config = strict()

    promotion_id: Annotated[
        PromotionId | Absent, Field(description="Not there for an unknown code.")
    ] = None
    name: Annotated[str | Absent, Field(description="The present name.")] = None
    code: str | Absent = None
    applied: bool
    discount: Total
    group: Annotated[Group | Absent, Field(description="Of a product promotion.")] = None
    rule: Annotated[
        int | Absent, Field(description="Of a subscription promotion's rules, counted from 0.")
    ] = None
    reasons: Annotated[
        list[ExplainedReason], Field(description="All of them; empty if it applied.")
    ]
    next: Annotated[NextTier | Absent, Field(description="Of tiers that are reached.")] = None
    lines: Annotated[
        list[ExplainedLine],
        Field(description="Lines that it was picked for or takes something off."),
    ]
    text: str


class ExplainedStep(BaseModel):
    """A step of the bill. Its amounts before and after it include shipping."""

    model_config = strict()

    step: StepName
    before: Total
    discount: Total
    after: Total
    text: str
    promotions: list[ExplainedPromotion]


class ExplainedCode(BaseModel):
    """The result of an activated code, in words."""

    model_config = strict()

    code: str
    status: CodeStatus
    text: str


class Explanation(BaseModel):
    """A bill, step by step: five steps, in facts and in words."""

    model_config = strict(_EXPLANATION)

    currency: Currency
    subtotal: Total
    discount: Total
    total: Total
    text: str
    steps: list[ExplainedStep]
    codes: list[ExplainedCode]


class QuotedCart(PricedCart):
    """What a cart costs, and why."""

    model_config = PricedCart.model_config

    explanation: Annotated[
        Explanation | Absent, Field(description="Only if the request says `explain`.")
    ] = None


class ReplayedPromotion(BaseModel):
    """A promotion by its kind and id."""

    model_config = strict()

    kind: PromotionKind
    promotion_id: PromotionId


class ReplayedLine(BaseModel):
    """What a promotion took off a line then, and takes now; without `line_id`, off shipping."""

    model_config = strict()

    line_id: str | Absent = None
    discount_then: Total
    discount_now: Total


class ReplayedDifference(ReplayedPromotion):
    """A promotion that takes another amount off now, and what about it changed."""

    name: str
    step: StepName
    discount_then: Annotated[Total, Field(description="Of the lines that differ.")]
    discount_now: Total
    change: Annotated[
        ChangeKind, Field(description="`follows`: nothing about it, but about its `causes`.")
    ]
    reason: ChangeReason | Absent = None
    at: Annotated[Instant | Absent, Field(description="When it changed.")] = None
    username: Annotated[str | Absent, Field(description="Who changed it.")] = None
    fields: Annotated[list[str] | Absent, Field(description="What was edited.")] = None
    causes: list[ReplayedPromotion] | Absent = None
    lines: list[ReplayedLine]
    text: str


class Replay(BaseModel):
    """Whether the same request would cost the same now, and which promotions differ."""

    model_config = strict()

    possible: Annotated[bool, Field(description="False if the request was not stored.")]
    at: Instant
    text: str
    reason: Annotated[str | Absent, Field(description="`request_not_stored`")] = None
    same: Annotated[bool | Absent, Field(description="Whether the total is the same.")] = None
    total: Total | Absent = None
    differences: Annotated[
        list[ReplayedDifference] | Absent,
        Field(description="In the order of the steps; in each, causes come first."),
    ] = None


class ExplainedOrder(Explanation):
    """The bill of an order as it was then, and its request priced now."""

    model_config = strict(
        {
            "order_id": "A-1",
            "created_at": "2026-11-28T12:00:00+00:00",
            "status": "paid",
            **_EXPLANATION,
            "replay": {
                "possible": True,
                "at": "2026-11-30T09:00:00+00:00",
                "text": "The same request costs 37.98 EUR now, 2.00 EUR more than the 35.98 EUR of"
                " then.",
                "same": False,
                "total": "37.98",
                "differences": [
                    {
                        "kind": "product",
                        "promotion_id": 36,
                        "name": "Autumn",
                        "step": "product_promotions",
                        "discount_then": "4.00",
                        "discount_now": "2.00",
                        "change": "changed",
                        "reason": "edited",
                        "at": "2026-11-29T10:00:00+00:00",
                        "username": "anna",
                        "fields": ["percent"],
                        "lines": [
                            {"line_id": "1", "discount_then": "4.00", "discount_now": "2.00"}
                        ],
                        "text": '"Autumn" takes 2.00 EUR off now instead of 4.00 EUR, because it'
                        " was changed at 2026-11-29T10:00:00+00:00 by anna: percent.",
                    }
                ],
            },
        }
    )

    order_id: str
    created_at: Instant
    status: OrderStatus
    replay: Replay
