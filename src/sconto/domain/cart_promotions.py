"""The steps of cart promotions: on lines, on the order and on shipping."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from sconto.domain.bill import Adjustment, Bill, PricedLine
from sconto.domain.candidates import NO_CART_OFFERS
from sconto.domain.cart_codes import update_codes
from sconto.domain.cart_discount import next_tier
from sconto.domain.cart_ground import Ground, GroundLine
from sconto.domain.cart_offers import CartOffer, CartReason, CartRefusal, offer_once
from sconto.domain.cart_outcome import CartPromotionOutcome, applied_outcome, refused_outcome
from sconto.domain.cart_promotion import Measure, Target, Tiers
from sconto.domain.cart_step import Decision, Loser, decide
from sconto.domain.codes import activated_codes
from sconto.domain.numbers import MAX_INT64


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
    cart_offers, at = bill.candidates.cart_offers, bill.at
    # Most merchants have no cart promotions, and their quotes must not pay for these steps.
    if cart_offers is NO_CART_OFFERS:
        return bill
    offers = [one for one in cart_offers.others if one.terms.target is target]
    prepared = cart_offers.prepared.step(target, bill.cart.currency, at)
    if not offers and not prepared:
        return bill
    ground = ground_of(bill, target)
    texts = activated_codes(bill.cart.codes)
    reached, unreached = prepared.divide(ground)
    own = offer_once(offers, list(texts), at)
    decision = decide(ground, [*reached, *[one for one in own if one.obstacle(at) is None]])
    refused = [
        refused_outcome(one, texts, reasons)
        for one, reasons in (*decision.losers, *_not_running(own, at))
    ]
    outcomes = (
        *[
            applied_outcome(one.offered, texts, one.discount, _next_tier(one.offered, ground))
            for one in decision.takings
        ],
        *(sorted((*refused, *unreached), key=_creation_order) if refused else unreached),
    )
    bill = _take_off(bill, decision, target)
    return replace(
        bill,
        codes=update_codes(bill, texts, offers, outcomes),
        cart_promotions=(*bill.cart_promotions, *outcomes),
    )


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


def _not_running(offers: Iterable[CartOffer], at: datetime) -> Iterator[Loser]:
    """Those that are not running; of automatic ones nobody asked, and none is listed."""
    for one in offers:
        if one.offer.key is not None and (obstacle := one.obstacle(at)) is not None:
            yield one, (CartRefusal(CartReason(obstacle.value)),)


def _creation_order(outcome: CartPromotionOutcome) -> int:
    """A draft, whose id is 0, is the newest."""
    return outcome.promotion_id or MAX_INT64


def _take_off(bill: Bill, decision: Decision, target: Target) -> Bill:
    if not decision.takings:
        return bill
    if target is Target.SHIPPING:
        discount = sum(taking.discount for taking in decision.takings)
        assert bill.shipping is not None  # noqa: S101 - otherwise there is nothing to take it off
        return replace(bill, shipping=replace(bill.shipping, discount=discount))
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
        total=line.total - sum([one.discount for one in adjustments]),
    )


def _next_tier(offered: CartOffer, ground: Ground) -> CartRefusal | None:
    """What the cart needs for a higher tier than the one that it reaches."""
    terms = offered.terms
    if not isinstance(terms.benefit, Tiers):
        return None
    found = next_tier(terms.benefit, ground, ground.covered(terms))
    in_money = terms.benefit.by is Measure.SUBTOTAL
    return None if found is None else CartRefusal(CartReason.TIER, *found, in_money=in_money)
