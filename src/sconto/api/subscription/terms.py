"""Reads a promotion's terms, new or changed by a merge patch, and renders them."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, Final
from zoneinfo import ZoneInfo

from sconto.api.faults import FieldFault, first_faults, shorten
from sconto.api.merge_patch import merge
from sconto.api.strict_json import parse_json
from sconto.api.subscription.findings import SubscriptionBody
from sconto.api.subscription.instants import RULE, format_instant, parse_end, parse_start
from sconto.api.subscription.metadata import LONGEST_META, encode_meta
from sconto.domain.blanks import trim
from sconto.domain.subscription import LAST_ORDER_NUMBER
from sconto.domain.subscription_promotion import (
    HIGHEST_MAX_USAGE,
    LONGEST_DESCRIPTION,
    MAX_CONDITIONS,
    MAX_RULES,
    MAX_TYPES,
    Condition,
    ConditionType,
    Constraint,
    Effect,
    EffectType,
    Rule,
    SubscriptionPromotion,
    SubscriptionTerms,
    parse_effect,
    parse_order_number,
)

_TERMS: Final = ("enabled", "name", "description", "code", "constraint", "rules", "meta")
_CONSTRAINT: Final = ("promoStartAt", "promoEndAt", "maxUsage", "subscription")
_SUBSCRIPTION: Final = ("newOnly", "typeIds")

READ_ONLY: Final = ("id", "type", "createdAt", "updatedAt")
READ_ONLY_CONSTRAINT: Final = ("usageCount",)

_AMOUNTS: Final[Mapping[EffectType, str]] = {
    EffectType.PERCENTAGE_DISCOUNT: "a string such as 12.5: a percent above 0 and at most 100, "
    "with up to six decimals",
    EffectType.AMOUNT_DISCOUNT: "a string such as 9.99: an amount above 0 and below "
    "1000000000000, with up to four decimals",
}
_NO_EFFECT: Final = Effect(EffectType.PERCENTAGE_DISCOUNT, 0, "")


def read_terms(
    body: Mapping[str, Any], zone: ZoneInfo, faults: list[FieldFault] | None = None
) -> SubscriptionTerms:
    """The terms of a promotion; bare dates are days in the zone. Raises InvalidFields.

    `faults` are those found before.
    """
    fields = SubscriptionBody(body, faults=faults)
    terms = SubscriptionTerms(
        enabled=fields.boolean("enabled"),
        name=fields.name("name"),
        description=fields.text("description", required=False, longest=LONGEST_DESCRIPTION) or None,
        code=fields.code("code"),
        constraint=_read_constraint(fields.object("constraint"), zone),
        rules=_read_rules(fields),
        meta=_read_meta(fields),
    )
    fields.finish(READ_ONLY)
    return terms


def _read_constraint(fields: SubscriptionBody, zone: ZoneInfo) -> Constraint:
    starts_at = ends_at = None
    if fields.present("promoStartAt"):
        starts_at = fields.parsed("promoStartAt", lambda text: parse_start(text, zone), RULE)
    if fields.present("promoEndAt"):
        ends_at = fields.parsed("promoEndAt", lambda text: parse_end(text, zone), RULE)
    if starts_at is not None and ends_at is not None and ends_at < starts_at:
        fields.note("promoEndAt", "must not lie before promoStartAt")
    max_usage = fields.whole("maxUsage", 1, HIGHEST_MAX_USAGE, required=False)
    subscription = fields.object("subscription")
    new_only = subscription.boolean("newOnly", required=False)
    type_ids = subscription.texts("typeIds", MAX_TYPES)
    subscription.finish()
    fields.finish(READ_ONLY_CONSTRAINT)
    return Constraint(starts_at, ends_at, max_usage, new_only, tuple(dict.fromkeys(type_ids)))


def _read_rules(fields: SubscriptionBody) -> tuple[Rule, ...]:
    rules = tuple(_read_rule(rule) for rule in fields.objects("rules", MAX_RULES, least=1))
    if sum(len(rule.conditions) for rule in rules) > MAX_CONDITIONS:
        fields.note("rules", f"must have at most {MAX_CONDITIONS} conditions in all")
    return rules


def _read_rule(fields: SubscriptionBody) -> Rule:
    effect = _read_effect(fields.object("effect", required=True))
    conditions = tuple(
        condition
        for item in fields.objects("conditions", MAX_CONDITIONS)
        if (condition := _read_condition(item)) is not None
    )
    fields.finish()
    return Rule(effect, conditions)


def _read_effect(fields: SubscriptionBody) -> Effect:
    effect = None
    effect_type = fields.choice("effectType", EffectType)
    if effect_type is None:
        # Without a type, any text may be a valid amount.
        fields.parsed("amount", str, "a string such as 12.5")
    else:
        effect = fields.parsed("amount", partial(parse_effect, effect_type), _AMOUNTS[effect_type])
    fields.finish()
    return effect or _NO_EFFECT


def _read_condition(fields: SubscriptionBody) -> Condition | None:
    condition_type = fields.choice("conditionType", ConditionType)
    rule = f"a string: the number of an order, 1 to {LAST_ORDER_NUMBER}"
    order_number = fields.parsed("value", parse_order_number, rule)
    fields.finish()
    if condition_type is None or order_number is None:
        return None
    return Condition(condition_type, order_number)


def _read_meta(fields: SubscriptionBody) -> str:
    meta = encode_meta(fields.object("meta").members)
    if len(meta.encode()) > LONGEST_META:
        fields.note("meta", f"must have at most {LONGEST_META} bytes")
    return meta


def read_change(
    patch: Mapping[str, Any], zone: ZoneInfo
) -> Callable[[SubscriptionPromotion], SubscriptionTerms]:
    """A function that applies a merge patch (RFC 7396) to a promotion, or raises InvalidFields."""

    def change(promotion: SubscriptionPromotion) -> SubscriptionTerms:
        # An earlier version stored codes with blanks at their ends.
        terms = replace(promotion.terms, code=trim(promotion.terms.code))
        patched = merge(render_terms(terms), patch)
        return read_terms(patched, zone, _find_removed(patch))

    return change


def _find_removed(patch: Mapping[str, Any]) -> list[FieldFault]:
    """Faults for unknown and read-only fields that the patch sets to null: merging removes them."""
    constraint = _object_of(patch, "constraint")
    subscription = _object_of(constraint, "subscription")
    removed = chain(
        _names_removed(patch, _TERMS),
        _names_removed(constraint, _CONSTRAINT, "constraint."),
        _names_removed(subscription, _SUBSCRIPTION, "constraint.subscription."),
    )
    read_only = [*READ_ONLY, *(f"constraint.{name}" for name in READ_ONLY_CONSTRAINT)]
    return [
        FieldFault(path, "is read-only" if path in read_only else "is unknown")
        for path in first_faults(removed)
    ]


def _object_of(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = members.get(name)
    return value if isinstance(value, dict) else {}


def _names_removed(
    members: Mapping[str, Any], known: Collection[str], path: str = ""
) -> Iterator[str]:
    return (
        path + shorten(name)
        for name, value in members.items()
        if value is None and name not in known
    )


def render_terms(terms: SubscriptionTerms) -> dict[str, Any]:
    """The fields that a merchant may set, as in a request."""
    constraint = terms.constraint
    described = {} if terms.description is None else {"description": terms.description}
    return {
        "enabled": terms.enabled,
        "name": terms.name,
        **described,
        "code": terms.code,
        "constraint": render_constraint(constraint),
        "rules": [render_rule(rule) for rule in terms.rules],
        "meta": parse_json(terms.meta.encode()),
    }


def render_constraint(constraint: Constraint) -> dict[str, Any]:
    """The constraint's fields that a merchant may set; those that are not set are left out."""
    times = {"promoStartAt": constraint.starts_at, "promoEndAt": constraint.ends_at}
    limit = {} if constraint.max_usage is None else {"maxUsage": constraint.max_usage}
    return {
        **{name: format_instant(at) for name, at in times.items() if at is not None},
        **limit,
        "subscription": {"newOnly": constraint.new_only, "typeIds": list(constraint.type_ids)},
    }


def render_rule(rule: Rule) -> dict[str, Any]:
    """A rule, with its conditions in the order sent."""
    return {
        "effect": render_effect(rule.effect),
        "conditions": [
            {"conditionType": condition.type.value, "value": str(condition.order_number)}
            for condition in rule.conditions
        ],
    }


def render_effect(effect: Effect) -> dict[str, Any]:
    """An effect, with its amount as it was sent."""
    return {"effectType": effect.type.value, "amount": effect.text}
