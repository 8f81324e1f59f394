"""The steps of cart promotions: on lines, on the order and on shipping."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from sconto.domain.bill import Adjustment, Bill, PricedLine
from sconto.domain.candidates import NO_CART_OFFERS
from sconto.domain.cart_codes import update_codes
from sconto.domain.cart_discount import next_tier
from sconto.domain.cart_ground import Ground, GroundLine
from sconto.domain.cart_offers import CartOffer, CartReason, CartRefusal, offer_once
from sconto.domain.cart_outcome import CartPromotionOutcome, make_outcome
from sconto.domain.cart_promotion import Measure, Target, Tiers
from sconto.domain.cart_step import Loser, StepResult, decide_step
from sconto.domain.codes import activated_codes
from sconto.domain.numbers import MAX_INT64


def cart_lines(bill: Bill) -> Bill:
    """Apply the cart promotions on lines."""
    return _take_step(bill, Target.LINES)


def cart_order(bill: Bill) -> Bill:
    """Apply the cart promotions on the order, split over the lines."""
    return _take_step(bill, Target.ORDER)


def cart_shipping(bill: Bill) -> Bill:
    """Apply the cart promotions on shipping."""
    return _take_step(bill, Target.SHIPPING)


def _take_step(bill: Bill, target: Target) -> Bill:
    cart_offers = bill.candidates.cart_offers
    # Most merchants have no cart promotions. Their quotes must not pay for these steps.
    if cart_offers is NO_CART_OFFERS:
        return bill
    prepared = cart_offers.prepared.step(target, bill.cart.currency, bill.at)
    offers = [one for one in cart_offers.others if one.terms.target is target]
    if not prepared and not offers:
        return bill
    ground = ground_of(bill, target)
    texts = activated_codes(bill.cart.codes) if offers else _NO_TEXTS
    possible, eligible, known = prepared.divide(ground)
    own, not_running = _divide_by_time(offers, texts, bill.at)
    decision = decide_step(ground, [*possible, *own], eligible)
    applied = [
        make_outcome(one.offered, texts, one.discount, next_tier=_next_tier(one.offered, ground))
        for one in decision.takings
    ]
    refused = [
        make_outcome(one, texts, 0, reasons) for one, reasons in (*decision.losers, *not_running)
    ]
    outcomes = [*applied, *_by_creation(refused, known)]
    bill = _take_off(bill, decision, target)
    return replace(
        bill,
        codes=update_codes(bill, texts, offers, outcomes) if offers else bill.codes,
        cart_promotions=(*bill.cart_promotions, *outcomes),
    )


_NO_TEXTS: Final[Mapping[str, str]] = {}


def _divide_by_time(
    offers: Sequence[CartOffer], texts: Mapping[str, str], at: datetime
) -> tuple[list[CartOffer], list[Loser]]:
    """The promotions that are running, and those of the cart's codes that are not, with reasons."""
    running: list[CartOffer] = []
    not_running: list[Loser] = []
    for one in offer_once(offers, list(texts), at) if offers else ():
        obstacle = one.obstacle(at)
        if obstacle is None:
            running.append(one)
        elif one.offer.key is not None:
            not_running.append((one, (CartRefusal(CartReason(obstacle.value)),)))
    return running, not_running


def _by_creation(
    refused: Sequence[CartPromotionOutcome], known: Sequence[CartPromotionOutcome]
) -> Sequence[CartPromotionOutcome]:
    """All that do not apply, by creation; a draft, whose id is 0, is the newest."""
    if not refused:
        return known
    return sorted((*refused, *known), key=lambda one: one.promotion_id or MAX_INT64)


def ground_of(bill: Bill, target: Target) -> Ground:
    """The bill as it enters the step of a target."""
    tags, customer = bill.candidates.tags, bill.cart.customer
    return Ground(
        target,
        bill.cart.currency,
        [
            GroundLine(
                line.product_id,
                tags.get(line.product_id, _NO_TAGS),
                line.quantity,
                line.total,
                bool(line.picks),
            )
            for line in bill.lines
        ],
        None if bill.shipping is None else bill.shipping.total,
        customer,
        customer.has_ordered or bill.candidates.has_ordered,
    )


_NO_TAGS: Final[frozenset[str]] = frozenset()


def _take_off(bill: Bill, decision: StepResult, target: Target) -> Bill:
    if not decision.takings:
        return bill
    if target is Target.SHIPPING:
        discount = sum(taking.discount for taking in decision.takings)
        assert bill.shipping is not None  # noqa: S101 - otherwise there is nothing to take it off
        return replace(bill, shipping=replace(bill.shipping, discount=discount))
    adjustments: list[list[Adjustment]] = [[] for _ in bill.lines]
    for taking in decision.takings:
        promotion_id = taking.offered.promotion_id
        for of_line, part in zip(adjustments, taking.parts, strict=True):
            if part:
                of_line.append(Adjustment(promotion_id, target, part))
    lines = map(_adjust, bill.lines, adjustments)
    return replace(bill, lines=tuple(lines))


def _adjust(line: PricedLine, adjustments: Sequence[Adjustment]) -> PricedLine:
    if not adjustments:
        return line
    return replace(
        line,
        adjustments=(*line.adjustments, *adjustments),
        total=line.total - sum([one.discount for one in adjustments]),
    )


def _next_tier(offered: CartOffer, ground: Ground) -> CartRefusal | None:
    """What the cart needs for a tier higher than the one it reaches."""
    terms = offered.terms
    if not isinstance(terms.benefit, Tiers):
        return None
    found = next_tier(terms.benefit, ground, ground.covered(terms))
    in_money = terms.benefit.by is Measure.SUBTOTAL
    return None if found is None else CartRefusal(CartReason.TIER, *found, in_money=in_money)
