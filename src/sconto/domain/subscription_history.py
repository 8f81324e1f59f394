"""History entries of subscription promotions: the terms that differ."""

from typing import Final

from sconto.domain.history import RECORDED_ELEMENTS, Change, Facts, Subject, Verb, differing
from sconto.domain.subscription_promotion import Rule, SubscriptionPromotion, SubscriptionTerms

_LONGEST_TEXT: Final = 1000
"""How many characters of a text are recorded."""


def subscription_created(promotion: SubscriptionPromotion) -> Change:
    """The entry of a new subscription promotion, with all its terms."""
    return _change(promotion.id, Verb.CREATED, None, _facts(promotion.terms))


def subscription_changed(
    before: SubscriptionPromotion, after: SubscriptionPromotion
) -> Change | None:
    """The entry of a changed subscription promotion; None if its terms are the same."""
    old, new = differing(_facts(before.terms), _facts(after.terms))
    return _change(before.id, Verb.CHANGED, old, new) if new else None


def subscription_archived(promotion: SubscriptionPromotion) -> Change:
    """The entry of an archived subscription promotion, with all its terms."""
    return _change(promotion.id, Verb.DELETED, _facts(promotion.terms), None)


def _change(promotion_id: int, verb: Verb, before: Facts | None, after: Facts | None) -> Change:
    subject = Subject.SUBSCRIPTION_PROMOTION
    return Change(subject, promotion_id, verb, _shortened(before), _shortened(after))


def _facts(terms: SubscriptionTerms) -> dict[str, object]:
    constraint = terms.constraint
    starts_at, ends_at = constraint.starts_at, constraint.ends_at
    return {
        "code": terms.code,
        "name": terms.name,
        "description": terms.description,
        "active": terms.enabled,
        "starts_at": None if starts_at is None else starts_at.isoformat(),
        "ends_at": None if ends_at is None else ends_at.isoformat(),
        "max_usage": constraint.max_usage,
        "new_only": constraint.new_only,
        "type_ids": list(constraint.type_ids),
        "rules": [_rule(rule) for rule in terms.rules],
        "meta": terms.meta,
    }


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "effect": rule.effect.type.value,
        "amount": rule.effect.text,
        "conditions": [
            {"type": condition.type.value, "order_number": condition.order_number}
            for condition in rule.conditions
        ],
    }


def _shortened(facts: Facts | None) -> Facts | None:
    return None if facts is None else {name: _short(value) for name, value in facts.items()}


def _short(value: object) -> object:
    match value:
        case str() if len(value) > _LONGEST_TEXT:
            return f"{value[:_LONGEST_TEXT]}…"
        case list():
            return value[:RECORDED_ELEMENTS]
        case _:
            return value
