"""Shipping and cart promotions in the checkout's answers."""

from typing import Annotated

from pydantic import BaseModel, Field

from openapi.fields import Absent, Total, strict
from sconto.domain.cart_offers import CartReason
from sconto.domain.cart_promotion import Target


class LineAdjustment(BaseModel):
    """What a cart promotion takes off a line."""

    model_config = strict()

    promotion_id: int
    target: Target
    discount: Total


class PricedShipping(BaseModel):
    """What shipping costs before promotions, what they take off, and what remains."""

    model_config = strict()

    amount: Total
    discount: Total
    total: Total


class NextTier(BaseModel):
    """What the cart has, and what the next tier needs: amounts or units."""

    model_config = strict()

    have: Total | int
    need: Total | int
    missing: Total | int


class CartPromotionReason(BaseModel):
    """Why a cart promotion does not apply, with what the cart has and needs."""

    model_config = strict()

    reason: CartReason
    have: Total | int | Absent = None
    need: Total | int | Absent = None
    missing: Total | int | Absent = None


class ConsideredCartPromotion(BaseModel):
    """What a cart promotion takes off, or all the reasons why it does not apply."""

    model_config = strict()

    promotion_id: int
    target: Target
    code: str | Absent = None
    applied: bool
    discount: Total | Absent = None
    next: Annotated[NextTier | Absent, Field(description="Of tiers that are reached.")] = None
    reasons: list[CartPromotionReason] | Absent = None
