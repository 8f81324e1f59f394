"""The steps of cart promotions: on lines, on the order and on shipping."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from sconto.domain.bill import Adjustment, Bill, CartPromotionOutcome, PricedLine
from sconto.domain.cart_codes import update_codes
from sconto.domain.cart_discount import next_tier
from sconto.domain.cart_ground import Ground, ground_of
from sconto.domain.cart_offers import CartOffer, CartReason, CartRefusal, offer_once
from sconto.domain.cart_promotion import Measure, Target, Tiers
from sconto.domain.cart_step import Decision, Loser, decide
from sconto.domain.codes import activated_codes


def cart_lines(bill: Bill) -> Bill:
    """Take off the lines what cart promotions on lines give."""
    return _take_step(bill, Target.LINES)


def cart_order(bill: Bill) -> Bill:
    """Take off the lines what cart promotions on the order give, split over them."""
    return _take_step(bill, Target.ORDER)


def cart_shipping(bill: Bill) -> Bill:
    """Take off shipping what cart promotions on shipping give."""
    return _take_step(bill, Target.SHIPPING)


def _take_step(bill: Bill, target: Target) -> Bill:
    cart_offers = bill.candidates.cart_offers
    # Most merchants have no cart promotions, and their quotes must not pay for these steps.
    if not cart_offers:
        return bill
    offers = [one for one in cart_offers if one.terms.target is target]
    if not offers:
        return bill
    texts = activated_codes(bill.cart.codes)
    promotions = offer_once(offers, list(texts), bill.at)
    running = [one for one in promotions if one.obstacle(bill.at) is None]
    ground = ground_of(bill, target)
    decision = decide(ground, running)
    outcomes = [
        *[
            _outcome(one.offered, texts, one.discount, next_tier=_next_tier(one.offered, ground))
            for one in decision.takings
        ],
        *[
            _outcome(one, texts, 0, reasons)
            for one, reasons in _losers(decision, promotions, bill.at)
        ],
    ]
    bill = _take_off(bill, decision, target)
    return replace(
        bill,
        codes=update_codes(bill, texts, offers, outcomes),
        cart_promotions=(*bill.cart_promotions, *outcomes),
    )


def _losers(decision: Decision, promotions: Sequence[CartOffer], at: datetime) -> list[Loser]:
    """Those that do not apply, by creation. Of those that are not running, only named ones."""
    not_running = [
        (one, (CartRefusal(CartReason(obstacle.value)),))
        for one in promotions
        if one.offer.key is not None and (obstacle := one.obstacle(at)) is not None
    ]
    return sorted([*decision.losers, *not_running], key=lambda loser: loser[0].creation_order)


def _take_off(bill: Bill, decision: Decision, target: Target) -> Bill:
    if target is Target.SHIPPING:
        discount = sum(taking.discount for taking in decision.takings)
        assert bill.shipping is not None or not discount  # noqa: S101 - nothing to take it off
        return replace(bill, shipping=bill.shipping and replace(bill.shipping, discount=discount))
    adjustments: list[list[Adjustment]] = [[] for _ in bill.lines]
    for taking in decision.takings:
        for of_line, part in zip(adjustments, taking.parts, strict=True):
            if part:
                of_line.append(Adjustment(taking.offered.promotion_id, target, part))
    lines = map(_adjust, bill.lines, adjustments)
    return replace(bill, lines=tuple(lines))


def _adjust(line: PricedLine, adjustments: Sequence[Adjustment]) -> PricedLine:
    if not adjustments:
        return line
    return replace(
        line,
        adjustments=(*line.adjustments, *adjustments),
        total=line.total - sum(one.discount for one in adjustments),
    )


def _next_tier(offered: CartOffer, ground: Ground) -> CartRefusal | None:
    """What the cart needs for a higher tier than the one that it reaches."""
    terms = offered.terms
    if not isinstance(terms.benefit, Tiers):
        return None
    found = next_tier(terms.benefit, ground, ground.covered(terms))
    in_money = terms.benefit.by is Measure.SUBTOTAL
    return None if found is None else CartRefusal(CartReason.TIER, *found, in_money=in_money)


def _outcome(
    offered: CartOffer,
    texts: Mapping[str, str],
    discount: int,
    reasons: tuple[CartRefusal, ...] = (),
    next_tier: CartRefusal | None = None,
) -> CartPromotionOutcome:
    offer = offered.offer
    return CartPromotionOutcome(
        offer.promotion_id,
        offered.terms.target,
        discount,
        None if offer.key is None else texts[offer.key],
        offer.code_id,
        offer.code_type,
        reasons,
        next_tier,
    )
