"""The bodies of `cart_outcome` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import NotRequired, TypedDict

from sconto.client.bodies.words import CartReason, Target


class LineAdjustment(TypedDict):
    """What a cart promotion takes off a line."""

    promotion_id: int
    target: Target
    discount: str


class PricedShipping(TypedDict):
    """What shipping costs before promotions, what they take off, and what remains."""

    amount: str
    discount: str
    total: str


class NextTier(TypedDict):
    """What the cart has, and what the next tier needs: amounts or units."""

    have: str | int
    need: str | int
    missing: str | int


class CartPromotionReason(TypedDict):
    """Why a cart promotion does not apply, with what the cart has and needs."""

    reason: CartReason
    have: NotRequired[str | int]
    need: NotRequired[str | int]
    missing: NotRequired[str | int]


class ConsideredCartPromotion(TypedDict):
    """What a cart promotion takes off, or all the reasons why it does not apply."""

    promotion_id: int
    target: Target
    code: NotRequired[str]
    applied: bool
    discount: NotRequired[str]
    next: NotRequired[NextTier]
    """Of tiers that are reached."""
    reasons: NotRequired[list[CartPromotionReason]]
