"""What cart promotions did to an order, in the form in which its outcome is stored."""

import msgspec

from sconto.domain.bill import Adjustment, PricedShipping
from sconto.domain.cart_offers import CartReason, CartRefusal
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.cart_promotion import Target
from sconto.domain.codes import CodeType


class StoredAdjustment(msgspec.Struct, frozen=True, gc=False):
    """What a cart promotion took off a line."""

    promotion_id: int
    target: Target
    discount: int


class StoredShipping(msgspec.Struct, frozen=True, gc=False):
    """What shipping cost, and what was taken off it."""

    amount: int
    discount: int


class StoredReason(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Why a cart promotion did not apply, with what the cart had and needed."""

    reason: CartReason
    have: int | None = None
    need: int | None = None
    in_money: bool = False


class StoredCartPromotion(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The result of a cart promotion; one that applied has no reasons."""

    promotion_id: int
    target: Target
    discount: int = 0
    code: str | None = None
    code_id: int | None = None
    code_type: CodeType | None = None
    reasons: tuple[StoredReason, ...] = ()
    next_tier: StoredReason | None = None


def store_adjustment(adjustment: Adjustment) -> StoredAdjustment:
    """An adjustment, to be stored."""
    return StoredAdjustment(adjustment.promotion_id, adjustment.target, adjustment.discount)


def read_adjustment(stored: StoredAdjustment) -> Adjustment:
    """The adjustment that was stored."""
    return Adjustment(stored.promotion_id, stored.target, stored.discount)


def store_shipping(shipping: PricedShipping) -> StoredShipping:
    """What shipping cost, to be stored."""
    return StoredShipping(shipping.amount, shipping.discount)


def read_shipping(stored: StoredShipping) -> PricedShipping:
    """What shipping cost."""
    return PricedShipping(stored.amount, stored.discount)


def store_cart_promotion(outcome: CartPromotionOutcome) -> StoredCartPromotion:
    """The result of a cart promotion, to be stored."""
    return StoredCartPromotion(
        outcome.promotion_id,
        outcome.target,
        outcome.discount,
        outcome.code,
        outcome.code_id,
        outcome.code_type,
        tuple(map(_store_reason, outcome.reasons)),
        None if outcome.next_tier is None else _store_reason(outcome.next_tier),
    )


def read_cart_promotion(stored: StoredCartPromotion) -> CartPromotionOutcome:
    """The result of a cart promotion."""
    return CartPromotionOutcome(
        stored.promotion_id,
        stored.target,
        stored.discount,
        stored.code,
        stored.code_id,
        stored.code_type,
        tuple(map(_read_reason, stored.reasons)),
        None if stored.next_tier is None else _read_reason(stored.next_tier),
    )


def _store_reason(refusal: CartRefusal) -> StoredReason:
    return StoredReason(refusal.reason, refusal.have, refusal.need, refusal.in_money)


def _read_reason(stored: StoredReason) -> CartRefusal:
    return CartRefusal(stored.reason, stored.have, stored.need, stored.in_money)
