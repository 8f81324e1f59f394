"""Writes explanations of quotes and orders, in words and in facts."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import UNSET

from sconto.api.checkout import explanation_words as words
from sconto.api.checkout import replay_words
from sconto.api.checkout.cart_promotions import write_next_tier, write_reasons
from sconto.api.rfc3339 import write_instant
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.explained_steps import Considered, ExplainedStep, LineShare, explain_steps
from sconto.domain.explanation import (
    ExplainedQuote,
    PromotionName,
    PromotionOutcome,
    PromotionStatus,
)
from sconto.domain.money import format_amount, format_percent
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.replay import Difference, LineDifference, Replay
from sconto.domain.replay_shares import PromotionRef
from sconto.domain.subscription import ConsideredCode
from sconto.operations.explanations import ExplainedOrder

JsonObject = dict[str, Any]


def write_explained_order(found: ExplainedOrder) -> JsonObject:
    """An order's explanation, and what its request would cost now."""
    order = found.order
    return {
        "order_id": order.order_id,
        "created_at": write_instant(order.created_at),
        "status": order.status,
        **write_explanation(found.explained),
        "replay": _write_replay(found.replay, found.explained),
    }


def write_explanation(explained: ExplainedQuote) -> JsonObject:
    """The bill step by step."""
    priced = explained.priced
    currency = priced.currency
    return {
        "currency": currency,
        "subtotal": format_amount(priced.subtotal, currency),
        "discount": format_amount(priced.discount, currency),
        "total": format_amount(priced.total, currency),
        "text": words.describe_bill(priced),
        "steps": [
            _write_step(step, currency, explained)
            for step in explain_steps(priced, explained.considered)
        ],
        "codes": [
            {"code": code.code, "status": code.status, "text": words.describe_code(code)}
            for code in priced.codes
        ],
    }


def _write_step(step: ExplainedStep, currency: str, explained: ExplainedQuote) -> JsonObject:
    return {
        "step": step.name,
        "before": format_amount(step.before, currency),
        "discount": format_amount(step.discount, currency),
        "after": format_amount(step.after, currency),
        "text": words.describe_step(step, currency),
        "promotions": [
            _write_considered(one, step, currency, explained) for one in step.considered
        ],
    }


def _write_considered(
    one: Considered, step: ExplainedStep, currency: str, explained: ExplainedQuote
) -> JsonObject:
    written: JsonObject = {}
    names = explained.names
    if isinstance(one.outcome, ConsideredCode):
        names = explained.subscription_names
        if one.promotion_id is not None:
            written["promotion_id"] = str(one.promotion_id)
    else:
        written["promotion_id"] = one.promotion_id
    if (name := _name(one.promotion_id, names)) is not None:
        written["name"] = name
    if one.code is not None:
        written["code"] = one.code
    written["applied"] = one.applied
    written["discount"] = format_amount(one.discount, currency)
    written |= _write_outcome(one, currency)
    written["lines"] = [_write_share(share, currency) for share in one.lines]
    written["text"] = words.describe(one, step, currency)
    return written


def _name(promotion_id: int | None, names: Mapping[int, PromotionName]) -> str | None:
    found = None if promotion_id is None else names.get(promotion_id)
    return None if found is None else found.name


def _write_outcome(one: Considered, currency: str) -> JsonObject:
    """All the reasons why a promotion gives nothing, with their facts."""
    match one.outcome:
        case CartPromotionOutcome():
            written: JsonObject = {"reasons": write_reasons(one.outcome, currency)}
            next_tier = write_next_tier(one.outcome, currency)
            return written if next_tier is UNSET else {**written, "next": next_tier}
        case ConsideredCode():
            rule = {} if one.outcome.rule is None else {"rule": one.outcome.rule}
            reason = one.outcome.reason
            return {**rule, "reasons": [] if reason is None else [{"reason": reason}]}
        case outcomes:
            distinct = {_key_of(outcome): outcome for outcome in outcomes}
            return {
                "group": outcomes[0].group,
                "reasons": [
                    _write_status(outcome)
                    for outcome in distinct.values()
                    if outcome.status is not PromotionStatus.APPLIED and not one.applied
                ],
            }


def _key_of(outcome: PromotionOutcome) -> PromotionStatus:
    return outcome.status


_TIMES: Final = {
    PromotionStatus.USED: "used_at",
    PromotionStatus.EXPIRED: "ended_at",
    PromotionStatus.NOT_STARTED: "starts_at",
}


def _write_status(outcome: PromotionOutcome) -> JsonObject:
    written: JsonObject = {"reason": outcome.status}
    if (at := outcome.time_behind) is not None:
        written[_TIMES[outcome.status]] = write_instant(at)
    if outcome.held_until is not None:
        written["held_until"] = write_instant(outcome.held_until)
    return written


def _write_share(share: LineShare, currency: str) -> JsonObject:
    written: JsonObject = {
        "line_id": share.line_id,
        "before": format_amount(share.before, currency),
        "discount": format_amount(share.discount, currency),
    }
    if share.percent is not None:
        written["discount_percent"] = format_percent(share.percent)
    if share.status not in (None, PromotionStatus.APPLIED):
        written["reason"] = share.status
    return written


def _write_replay(replay: Replay, explained: ExplainedQuote) -> JsonObject:
    text = replay_words.describe_replay(replay)
    written: JsonObject = {
        "possible": replay.priced is not None,
        "at": write_instant(replay.at),
        "text": text,
    }
    if replay.priced is None:
        return {**written, "reason": "request_not_stored"}
    currency = replay.then.currency
    return {
        **written,
        "same": replay.is_same,
        "total": format_amount(replay.priced.total, currency),
        "differences": [_write_difference(one, currency, explained) for one in replay.differences],
    }


def _write_difference(one: Difference, currency: str, explained: ExplainedQuote) -> JsonObject:
    def name_of(ref: PromotionRef) -> str:
        is_subscription = ref.kind is PromotionKind.SUBSCRIPTION
        names = explained.subscription_names if is_subscription else explained.names
        return _name(ref.id, names) or f"Promotion {ref.id}"

    cause = one.cause
    written: JsonObject = {
        **_write_ref(one.ref),
        "name": name_of(one.ref),
        "step": one.step,
        "discount_then": format_amount(one.then, currency),
        "discount_now": format_amount(one.now, currency),
        "change": cause.kind,
    }
    if cause.reason is not None:
        written["reason"] = cause.reason
    if cause.at is not None:
        written["at"] = write_instant(cause.at)
    if cause.username is not None:
        written["username"] = cause.username
    if cause.fields:
        written["fields"] = list(cause.fields)
    if cause.causes:
        written["causes"] = [_write_ref(ref) for ref in cause.causes]
    written["lines"] = [_write_line_difference(line, currency) for line in one.lines]
    written["text"] = replay_words.describe_difference(one, currency, name_of)
    return written


def _write_ref(ref: PromotionRef) -> JsonObject:
    is_subscription = ref.kind is PromotionKind.SUBSCRIPTION
    return {"kind": ref.kind, "promotion_id": str(ref.id) if is_subscription else ref.id}


def _write_line_difference(line: LineDifference, currency: str) -> JsonObject:
    """Without a line it is about shipping."""
    where = {} if line.line_id is None else {"line_id": line.line_id}
    return {
        **where,
        "discount_then": format_amount(line.then, currency),
        "discount_now": format_amount(line.now, currency),
    }
