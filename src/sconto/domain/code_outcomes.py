"""The result of each activated code, with the facts that explain it."""

from collections.abc import Callable, KeysView, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from sconto.domain.choice import ActivatedCode, Choice
from sconto.domain.offers import Offer


class CodeStatus(StrEnum):
    """The result of an activated code, from best to worst."""

    APPLIED = "applied"
    OUTDONE = "outdone"
    NOT_PICKED = "not_picked"
    CONDITIONS_NOT_MET = "conditions_not_met"
    NOT_APPLICABLE = "not_applicable"
    USED = "used"
    LIMIT_REACHED = "limit_reached"
    EXPIRED = "expired"
    NOT_STARTED = "not_started"
    INACTIVE = "inactive"
    UNKNOWN = "unknown"


# Enum lookups are slow in Python 3.11.
_APPLIED, _OUTDONE = CodeStatus.APPLIED, CodeStatus.OUTDONE

_RANK = {status: rank for rank, status in enumerate(CodeStatus)}


class CodeOutcome(msgspec.Struct, frozen=True, gc=False):
    """The result of an activated code, with the facts that explain it.

    A used code has `used_at`, or `held_until` if it is held for another order.
    """

    code: str
    status: CodeStatus
    promotion_id: int | None = None
    starts_at: datetime | None = None
    ended_at: datetime | None = None
    used_at: datetime | None = None
    held_until: datetime | None = None


def find_code_outcomes(
    activated: Sequence[ActivatedCode], choice: Choice, product_ids: KeysView[int], at: datetime
) -> tuple[CodeOutcome, ...]:
    """The outcome of each code, once the picks of the cart's products are chosen."""
    if not activated:
        return ()
    # The pick that applies is first.
    applied = {picks[0].code_id for picks in choice.distinct if picks}
    picked = {pick.code_id for picks in choice.distinct for pick in picks}

    def status(offer: Offer) -> CodeStatus:
        if offer.code_id in applied:
            return _APPLIED
        if offer.code_id in picked:
            return _OUTDONE
        if (obstacle := offer.obstacle(at)) is not None:
            return CodeStatus(obstacle.value)
        covers = offer.covers_any(product_ids)
        return CodeStatus.NOT_PICKED if covers else CodeStatus.NOT_APPLICABLE

    return tuple([_find_outcome(code, status) for code in activated])


def _find_outcome(code: ActivatedCode, status_of: Callable[[Offer], CodeStatus]) -> CodeOutcome:
    """The best status of the promotions that have the code; on a tie the latest created's."""
    if not code.offers:
        return CodeOutcome(code.text, CodeStatus.UNKNOWN)
    offer, *others = code.offers
    status = status_of(offer)
    for other in others:
        other_status = status_of(other)
        if (_RANK[other_status], -other.promotion_id) < (_RANK[status], -offer.promotion_id):
            status, offer = other_status, other
    return outcome_of(code.text, offer, status)


def outcome_of(text: str, offer: Offer, status: CodeStatus) -> CodeOutcome:
    """The outcome of a code with this status from an offer, with its facts."""
    if status is _APPLIED or status is _OUTDONE:
        return CodeOutcome(text, status, offer.promotion_id)
    is_used = status is CodeStatus.USED
    return CodeOutcome(
        text,
        status,
        offer.promotion_id,
        starts_at=offer.period.starts_at if status is CodeStatus.NOT_STARTED else None,
        ended_at=offer.period.ends_at if status is CodeStatus.EXPIRED else None,
        used_at=offer.used_at if is_used else None,
        held_until=offer.held_until if is_used and offer.used_at is None else None,
    )


def better_outcome(outcome: CodeOutcome, other: CodeOutcome) -> CodeOutcome:
    """The better of two outcomes of one code; on a tie that of the latest created promotion."""
    ranks = [(_RANK[one.status], -(one.promotion_id or 0)) for one in (outcome, other)]
    return outcome if ranks[0] <= ranks[1] else other
