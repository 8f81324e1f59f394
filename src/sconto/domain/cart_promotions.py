"""The steps of cart promotions: on lines, on the order and on shipping."""

from collections.abc import Sequence
from functools import reduce
from typing import Final

from msgspec.structs import replace

from sconto.domain.bill import Adjustment, Bill, CartPromotionOutcome, PricedLine
from sconto.domain.cart_discount import next_tier
from sconto.domain.cart_ground import Ground, ground_of
from sconto.domain.cart_offers import CartOffer, CartReason, CartRefusal, offer_once
from sconto.domain.cart_promotion import Measure, Target, Tiers
from sconto.domain.cart_step import Decision, decide
from sconto.domain.code_outcomes import CodeOutcome, CodeStatus, better_outcome, outcome_of
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
    ground = ground_of(bill, target)
    decision = decide(ground, [one for one in promotions if one.obstacle(bill.at) is None])
    not_running = [
        (one, (CartRefusal(CartReason(obstacle.value)),))
        for one in promotions
        if one.offer.key is not None and (obstacle := one.obstacle(bill.at)) is not None
    ]
    losers = sorted([*decision.losers, *not_running], key=lambda loser: loser[0].creation_order)
    outcomes = [
        *_outcomes_of_takings(decision, ground, texts),
        *[_outcome(one, texts, 0, reasons) for one, reasons in losers],
    ]
    bill = _take_off(bill, decision, target)
    return replace(
        bill,
        codes=_with_codes_of(bill, texts, offers, outcomes),
        cart_promotions=(*bill.cart_promotions, *outcomes),
    )


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


def _outcomes_of_takings(
    decision: Decision, ground: Ground, texts: dict[str, str]
) -> list[CartPromotionOutcome]:
    """Those that apply, in the order of application."""
    return [
        _outcome(
            taking.offered, texts, taking.discount, next_tier=_next_tier(taking.offered, ground)
        )
        for taking in decision.takings
    ]


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
    texts: dict[str, str],
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


def _with_codes_of(
    bill: Bill,
    texts: dict[str, str],
    offers: Sequence[CartOffer],
    outcomes: Sequence[CartPromotionOutcome],
) -> tuple[CodeOutcome, ...]:
    """The outcomes of the codes, where a cart promotion's is better than a code had before.

    Of several codes of one promotion, one activated it. The others are not picked.
    """
    if all(one.offer.key is None for one in offers):
        return bill.codes
    best = {code.code: code for code in bill.codes}
    outcome_by_id = {outcome.promotion_id: outcome for outcome in outcomes}
    for one in offers:
        if one.offer.key is None:
            continue
        text, outcome = texts[one.offer.key], outcome_by_id[one.promotion_id]
        status = _status_of(outcome)
        if text != outcome.code:
            obstacle = one.obstacle(bill.at)
            status = _worse(status, CodeStatus(obstacle or CodeStatus.NOT_PICKED))
        best[text] = better_outcome(best[text], outcome_of(text, one.offer, status))
    return tuple(best.values())


def _status_of(outcome: CartPromotionOutcome) -> CodeStatus:
    """What a promotion's outcome says of the code that activated it.

    What nothing can change counts first: that a limit is reached, then that nothing is covered.
    """
    if outcome.applied:
        return CodeStatus.APPLIED
    statuses = {_STATUSES.get(one.reason, CodeStatus.CONDITIONS_NOT_MET) for one in outcome.reasons}
    return reduce(_worse, statuses)


def _worse(status: CodeStatus, other: CodeStatus) -> CodeStatus:
    return max(status, other, key=_SEVERITY.index)


_STATUSES: Final = {
    CartReason.LOWER_DISCOUNT: CodeStatus.OUTDONE,
    CartReason.TIE: CodeStatus.OUTDONE,
    CartReason.NOTHING_LEFT: CodeStatus.OUTDONE,
    CartReason.NOT_COVERED: CodeStatus.NOT_APPLICABLE,
    CartReason.TOTAL_LIMIT: CodeStatus.LIMIT_REACHED,
    CartReason.CUSTOMER_LIMIT: CodeStatus.LIMIT_REACHED,
    CartReason.BUDGET: CodeStatus.LIMIT_REACHED,
    CartReason.USED: CodeStatus.USED,
    CartReason.EXPIRED: CodeStatus.EXPIRED,
    CartReason.NOT_STARTED: CodeStatus.NOT_STARTED,
    CartReason.INACTIVE: CodeStatus.INACTIVE,
}

_SEVERITY: Final = tuple(CodeStatus)
