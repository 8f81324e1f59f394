"""Writes the subscription API's answers, field by field, in the documentation's order."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sconto.api.cursors import write_cursor
from sconto.api.subscription.errors import say_ineligible_reason
from sconto.api.subscription.instants import format_instant
from sconto.api.subscription.terms import render_constraint, render_effect, render_rule
from sconto.domain.money import format_amount
from sconto.domain.subscription_promotion import (
    Application,
    Eligibility,
    SubscriptionPage,
    SubscriptionPromotion,
)
from sconto.domain.subscription_schedule import OrderAmount, Schedule, ScheduledOrder
from sconto.operations.idempotency import AnswerAroundUsage

ELIGIBLE = "The promotion can be applied."

_USAGE: Final = b"\0"
"""Stands for the usage in an answer that is split there. No JSON contains it."""


def envelope(data: object, meta: Mapping[str, object] | None = None) -> bytes:
    """The body of an answer that is not an error."""
    return msgspec.json.encode({"data": data, "meta": meta or {}})


def render_promotion(promotion: SubscriptionPromotion) -> dict[str, Any]:
    """A promotion; optional fields that are not set are left out."""
    terms = promotion.terms
    described = {} if terms.description is None else {"description": terms.description}
    constraint = render_constraint(terms.constraint)
    subscription = constraint.pop("subscription")
    return {
        "id": str(promotion.id),
        "type": "PROMOTION",
        "createdAt": format_instant(promotion.created_at),
        "updatedAt": format_instant(promotion.updated_at),
        "enabled": terms.enabled,
        "name": terms.name,
        **described,
        "code": terms.code,
        "constraint": {
            **constraint,
            "usageCount": promotion.usage,
            "subscription": subscription,
        },
        "rules": [render_rule(rule) for rule in terms.rules],
        "meta": msgspec.Raw(terms.meta.encode()),
    }


def write_promotion(promotion: SubscriptionPromotion) -> bytes:
    """One promotion."""
    return envelope(render_promotion(promotion))


def write_page(page: SubscriptionPage, cursor: str | None) -> bytes:
    """A page of the list; `cursor` is the one in the request."""
    # After an empty page the list continues where the page began.
    following = cursor or write_cursor(0)
    if page.promotions:
        following = write_cursor(page.promotions[-1].id)
    pagination = {
        "moreResults": page.more,
        "items": len(page.promotions),
        "cursor": cursor,
        "nextCursor": following if page.more else None,
    }
    return envelope(
        [render_promotion(promotion) for promotion in page.promotions], {"pagination": pagination}
    )


def write_application(application: Application) -> bytes:
    """The promotion that was applied, and the id that names the version."""
    return _write_application(application, application.promotion.usage)


def write_application_around_usage(application: Application) -> AnswerAroundUsage:
    """As `write_application`, without `usageCount`, which is only known when it is stored."""
    before, after = _write_application(application, msgspec.Raw(_USAGE)).split(_USAGE)
    return AnswerAroundUsage(200, before, after)


def _write_application(application: Application, usage: int | msgspec.Raw) -> bytes:
    rendered = render_promotion(application.promotion)
    rendered["constraint"]["usageCount"] = usage
    return envelope(rendered, {"applicationId": application.id})


def render_eligibility(eligibility: Eligibility) -> dict[str, Any]:
    """Whether a contract may have the code, and if not, why."""
    if eligibility.reason is None:
        return {"valid": True, "message": ELIGIBLE}
    return {
        "valid": False,
        "message": say_ineligible_reason(eligibility.promotion, eligibility.reason),
    }


def write_schedule(
    eligibility: Eligibility, schedule: Schedule, amount: OrderAmount | None
) -> bytes:
    """What each order gets, until when, and whether the code can be applied now."""
    return envelope(
        {
            "type": "SCHEDULE",
            **render_eligibility(eligibility),
            "lastOrderNumber": schedule.last_order,
            "orders": [_render_order(order, schedule, amount) for order in schedule.orders],
        }
    )


def _render_order(
    order: ScheduledOrder, schedule: Schedule, amount: OrderAmount | None
) -> dict[str, Any]:
    rules = []
    for scheduled in order.rules:
        rendered: dict[str, Any] = {
            "rule": scheduled.rule,
            "effect": render_effect(schedule.rules[scheduled.rule].effect),
            "applied": scheduled.rule == order.winning_rule,
        }
        if amount is not None and scheduled.discount is not None:
            rendered["discount"] = format_amount(scheduled.discount, amount.currency)
        rules.append(rendered)
    return {
        "orderNumber": order.place.in_contract,
        "orderNumberAfterApplied": order.place.after_applied,
        "rules": rules,
    }
