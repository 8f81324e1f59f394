"""How a step of cart promotions changes the outcomes of the cart's codes."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Final

from sconto.domain.bill import Bill
from sconto.domain.cart_offers import CartOffer, CartReason
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.code_outcomes import CodeOutcome, CodeStatus, better_outcome, outcome_of


def update_codes(
    bill: Bill,
    texts: Mapping[str, str],
    offers: Sequence[CartOffer],
    outcomes: Sequence[CartPromotionOutcome],
) -> tuple[CodeOutcome, ...]:
    """The outcome of each code; a cart promotion's outcome replaces a worse earlier one.

    `texts` are the codes as typed, by their keys. If a promotion has several codes of the cart, one
    of them activated it. The others are `not_picked`.
    """
    by_code = [one for one in offers if one.offer.key is not None]
    if not by_code:
        return bill.codes
    best = {code.code: code for code in bill.codes}
    outcome_by_id = {outcome.promotion_id: outcome for outcome in outcomes}
    for one in by_code:
        text, outcome = texts[one.offer.key or ""], outcome_by_id[one.promotion_id]
        status = _status_of(outcome)
        if text != outcome.code:
            obstacle = one.obstacle(bill.at)
            status = _worse(status, CodeStatus(obstacle or CodeStatus.NOT_PICKED))
        best[text] = better_outcome(best[text], outcome_of(text, one.offer, status))
    return tuple(best.values())


def _status_of(outcome: CartPromotionOutcome) -> CodeStatus:
    """The status of the code that activated the promotion.

    What the shopper cannot change counts first: a reached limit, then that nothing is covered.
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
