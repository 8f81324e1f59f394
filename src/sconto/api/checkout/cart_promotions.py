"""Writes shipping and cart promotions in the checkout API's answers, field by field."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from sconto.domain.bill import Adjustment, PricedShipping
from sconto.domain.cart_offers import CartReason, CartRefusal
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.cart_promotion import Target
from sconto.domain.money import format_amount

_MAX_REFUSED: Final = 8_192
"""Outcomes in a currency whose JSON is kept."""


class Shipping(msgspec.Struct):
    """What shipping costs."""

    amount: str
    discount: str
    total: str


class Adjusted(msgspec.Struct):
    """What a cart promotion takes off a line."""

    promotion_id: int
    target: Target
    discount: str


class WrittenTier(msgspec.Struct):
    have: str | int
    need: str | int
    missing: str | int


class WrittenReason(msgspec.Struct):
    reason: CartReason
    have: str | int | UnsetType = UNSET
    need: str | int | UnsetType = UNSET
    missing: str | int | UnsetType = UNSET


class WrittenCartPromotion(msgspec.Struct):
    """The outcome of a cart promotion."""

    promotion_id: int
    target: Target
    code: str | UnsetType
    applied: bool
    discount: str | UnsetType = UNSET
    next: WrittenTier | UnsetType = UNSET
    reasons: list[WrittenReason] | UnsetType = UNSET


def write_shipping(shipping: PricedShipping, currency: str) -> Shipping:
    """What shipping costs before promotions, and after them."""
    return Shipping(
        format_amount(shipping.amount, currency),
        format_amount(shipping.discount, currency),
        format_amount(shipping.total, currency),
    )


def write_adjustments(adjustments: Iterable[Adjustment], currency: str) -> list[Adjusted]:
    """What cart promotions take off a line."""
    return [
        Adjusted(one.promotion_id, one.target, format_amount(one.discount, currency))
        for one in adjustments
    ]


def write_cart_promotions(
    outcomes: Iterable[CartPromotionOutcome], currency: str
) -> list[WrittenCartPromotion | msgspec.Raw]:
    """What each cart promotion takes off, or all the reasons why it does not apply."""
    known = _refused_in(currency)
    return [
        known.get(one) or _encode_refused(one, currency)
        if one.code is None and (reasons := one.reasons) and not reasons[0].have
        else _write_cart_promotion(one, currency)
        for one in outcomes
    ]


def _write_cart_promotion(outcome: CartPromotionOutcome, currency: str) -> WrittenCartPromotion:
    if outcome.reasons:
        return _write_refused(outcome, currency)
    code = UNSET if outcome.code is None else outcome.code
    discount = format_amount(outcome.discount, currency)
    next_tier = write_next_tier(outcome, currency)
    return WrittenCartPromotion(
        outcome.promotion_id, outcome.target, code, True, discount, next_tier
    )


# Promotions refuse most carts for reasons that do not depend on the cart's contents, so the same
# JSON is needed again and again. A dictionary is quicker than a cache that keeps the order of use.
@lru_cache(24)
def _refused_in(_currency: str) -> dict[CartPromotionOutcome, msgspec.Raw]:
    return {}


def _encode_refused(outcome: CartPromotionOutcome, currency: str) -> msgspec.Raw:
    known = _refused_in(currency)
    if len(known) >= _MAX_REFUSED:
        known.clear()
    encoded = msgspec.Raw(msgspec.json.encode(_write_refused(outcome, currency)))
    known[outcome] = encoded
    return encoded


def _write_refused(outcome: CartPromotionOutcome, currency: str) -> WrittenCartPromotion:
    return WrittenCartPromotion(
        outcome.promotion_id,
        outcome.target,
        UNSET if outcome.code is None else outcome.code,
        False,
        reasons=[_write_reason(refusal, currency) for refusal in outcome.reasons],
    )


def write_reasons(outcome: CartPromotionOutcome, currency: str) -> list[WrittenReason]:
    """All the reasons why a cart promotion does not apply."""
    return [_write_reason(refusal, currency) for refusal in outcome.reasons]


def write_next_tier(outcome: CartPromotionOutcome, currency: str) -> WrittenTier | UnsetType:
    """What a higher tier needs."""
    tier = outcome.next_tier
    return UNSET if tier is None else WrittenTier(*_counts(tier, currency))


def _write_reason(refusal: CartRefusal, currency: str) -> WrittenReason:
    if refusal.have is None:
        return _write_plain_reason(refusal.reason)
    return WrittenReason(refusal.reason, *_counts(refusal, currency))


@cache
def _write_plain_reason(reason: CartReason) -> WrittenReason:
    return WrittenReason(reason)


def _counts(refusal: CartRefusal, currency: str) -> tuple[str | int, str | int, str | int]:
    """What the cart has, what it needs and what is missing: amounts, or numbers of units."""
    have, need = refusal.have or 0, refusal.need or 0
    if not refusal.in_money:
        return have, need, need - have
    return (
        _write_repeated(have, currency),
        _write_repeated(need, currency),
        format_amount(need - have, currency),
    )


# Many promotions say the same about a cart, and each says the same to all carts.
_write_repeated: Final = lru_cache(4_096)(format_amount)
