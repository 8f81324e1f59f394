"""The bodies of `explanation` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import NotRequired, TypedDict

from sconto.client.bodies.cart_outcome import NextTier
from sconto.client.bodies.checkout import PricedCart
from sconto.client.bodies.words import (
    CartReason,
    ChangeKind,
    ChangeReason,
    CodeReason,
    CodeStatus,
    Group,
    OrderStatus,
    PromotionKind,
    PromotionStatus,
    StepName,
)


class ExplainedReason(TypedDict):
    """Why a promotion takes nothing off, with the facts behind it."""

    reason: CartReason | PromotionStatus | CodeReason
    have: NotRequired[str | int]
    need: NotRequired[str | int]
    missing: NotRequired[str | int]
    starts_at: NotRequired[str]
    ended_at: NotRequired[str]
    used_at: NotRequired[str]
    held_until: NotRequired[str]


class ExplainedLine(TypedDict):
    """A line in a step: what is left of it before, and what the promotion takes off it."""

    line_id: str
    before: str
    discount: str
    discount_percent: NotRequired[str]
    """Of a product promotion."""
    reason: NotRequired[PromotionStatus]
    """Why a product promotion lost on this line."""


class ExplainedPromotion(TypedDict):
    """A promotion that a step considered, and its result, in facts and in words."""

    promotion_id: NotRequired[int | str]
    """Not there for an unknown code."""
    name: NotRequired[str]
    """The present name."""
    code: NotRequired[str]
    applied: bool
    discount: str
    group: NotRequired[Group]
    """Of a product promotion."""
    rule: NotRequired[int]
    """Of a subscription promotion's rules, counted from 0."""
    reasons: list[ExplainedReason]
    """All of them; empty if it applied."""
    next: NotRequired[NextTier]
    """Of tiers that are reached."""
    lines: list[ExplainedLine]
    """Lines that it was picked for or takes something off."""
    text: str


class ExplainedStep(TypedDict):
    """A step of the bill. Its amounts before and after it include shipping."""

    step: StepName
    before: str
    discount: str
    after: str
    text: str
    promotions: list[ExplainedPromotion]


class ExplainedCode(TypedDict):
    """The result of an activated code, in words."""

    code: str
    status: CodeStatus
    text: str


class Explanation(TypedDict):
    """A bill, step by step: five steps, in facts and in words."""

    currency: str
    """An ISO 4217 code."""
    subtotal: str
    discount: str
    total: str
    text: str
    steps: list[ExplainedStep]
    codes: list[ExplainedCode]


class QuotedCart(PricedCart):
    """What a cart costs, and why."""

    explanation: NotRequired[Explanation]
    """Only if the request says `explain`."""


class ReplayedPromotion(TypedDict):
    """A promotion by its kind and id."""

    kind: PromotionKind
    promotion_id: int | str
    """A number; a string for a subscription promotion."""


class ReplayedLine(TypedDict):
    """What a promotion took off a line then, and takes now; without `line_id`, off shipping."""

    line_id: NotRequired[str]
    discount_then: str
    discount_now: str


class ReplayedDifference(ReplayedPromotion):
    """A promotion that takes another amount off now, and what about it changed."""

    name: str
    step: StepName
    discount_then: str
    """Of the lines that differ."""
    discount_now: str
    change: ChangeKind
    """`follows`: nothing about it, but about its `causes`."""
    reason: NotRequired[ChangeReason]
    at: NotRequired[str]
    """When it changed."""
    username: NotRequired[str]
    """Who changed it."""
    fields: NotRequired[list[str]]
    """What was edited."""
    causes: NotRequired[list[ReplayedPromotion]]
    lines: list[ReplayedLine]
    text: str


class Replay(TypedDict):
    """Whether the same request would cost the same now, and which promotions differ."""

    possible: bool
    """False if the request was not stored."""
    at: str
    text: str
    reason: NotRequired[str]
    """`request_not_stored`"""
    same: NotRequired[bool]
    """Whether the total is the same."""
    total: NotRequired[str]
    differences: NotRequired[list[ReplayedDifference]]
    """In the order of the steps; in each, causes come first."""


class ExplainedOrder(Explanation):
    """The bill of an order as it was then, and its request priced now."""

    order_id: str
    created_at: str
    status: OrderStatus
    replay: Replay
