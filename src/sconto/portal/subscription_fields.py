"""The fields of a subscription promotion's form as they were typed, and the terms they describe."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from zoneinfo import ZoneInfo

from sconto.domain.blanks import trim
from sconto.domain.names import NAME_LENGTH, is_name, is_text
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
    numbers_of,
    parse_effect,
    parse_order_number,
)
from sconto.portal.faults import PERCENT_FAULT, Faults
from sconto.portal.language import Language
from sconto.portal.subscription_sentences import write_numbers
from sconto.portal.typed_times import read_start_and_end, write_instant
from sconto.portal.typed_values import write_count

_LEAST_ROWS: Final = 2
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class RuleFields:
    """A rule as it was typed; the numbers of its orders are written `1-3, 6`."""

    effect: str = EffectType.PERCENTAGE_DISCOUNT
    amount: str = ""
    with_code: str = ""
    of_contract: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.amount or self.with_code or self.of_contract)


@dataclass(frozen=True, slots=True)
class SubscriptionFields:
    """The texts of the form, with one type per line."""

    name: str = ""
    code: str = ""
    description: str = ""
    enabled: bool = True
    starts_at: str = ""
    ends_at: str = ""
    max_usage: str = ""
    new_only: bool = False
    type_ids: str = ""
    rules: tuple[RuleFields, ...] = (RuleFields(),) * _LEAST_ROWS

    def with_another_rule(self) -> "SubscriptionFields":
        """The form with one more empty rule, up to the limit."""
        return replace(self, rules=(*self.rules, RuleFields())[:MAX_RULES])


@dataclass(frozen=True, slots=True)
class ReadSubscription:
    """The terms that the fields describe, or None and the faults by field."""

    terms: SubscriptionTerms | None
    faults: Mapping[str, str] = field(default_factory=dict)


def fields_of(promotion: SubscriptionPromotion, zone: ZoneInfo) -> SubscriptionFields:
    """The fields for a stored promotion."""
    terms = promotion.terms
    constraint = terms.constraint
    rules = tuple(_fields_of_rule(rule) for rule in terms.rules)
    return SubscriptionFields(
        name=terms.name,
        code=terms.code,
        description=terms.description or "",
        enabled=terms.enabled,
        starts_at=write_instant(constraint.starts_at, zone),
        ends_at=write_instant(constraint.ends_at, zone),
        max_usage=write_count(constraint.max_usage),
        new_only=constraint.new_only,
        type_ids="\n".join(constraint.type_ids),
        rules=rules + (RuleFields(),) * (_LEAST_ROWS - len(rules)),
    )


def read_terms(
    fields: SubscriptionFields, language: Language, stored: SubscriptionTerms | None = None
) -> ReadSubscription:
    """The terms that the fields describe, or every fault by field.

    `stored` are the terms that are edited. Fields that were not touched keep their values: times to
    the microsecond, a rule's conditions in their order. So do values that the form does not show.
    """
    faults = Faults()
    name = _read_name("name", fields.name, stored.name if stored else None, language, faults)
    code = _read_name("code", trim(fields.code), None, language, faults)
    description = _read_description(fields, stored.description if stored else None)
    if description is not None and not (
        len(description) <= LONGEST_DESCRIPTION and is_text(description)
    ):
        sentence = language.gettext("A description has at most %(most)s characters.")
        faults.note("description", sentence % {"most": language.number(LONGEST_DESCRIPTION)})
    constraint = _read_constraint(fields, language, stored, faults)
    rules = _read_rules(fields, language, stored.rules if stored else (), faults)
    if faults:
        return ReadSubscription(None, faults)
    meta = stored.meta if stored else "{}"
    terms = SubscriptionTerms(code, name, fields.enabled, rules, constraint, description, meta)
    return ReadSubscription(terms)


def _read_name(name: str, text: str, stored: str | None, language: Language, faults: Faults) -> str:
    if stored is not None and text == stored.strip():
        return stored
    if not is_name(text):
        sentence = language.gettext("Write 1 to %(most)s characters.")
        faults.note(name, sentence % {"most": NAME_LENGTH})
    return text


def _read_description(fields: SubscriptionFields, stored: str | None) -> str | None:
    text = _with_plain_breaks(fields.description)
    if stored is not None and text == _with_plain_breaks(stored).strip():
        return stored
    return text or None


def _with_plain_breaks(text: str) -> str:
    """The text with \\n for the \\r\\n that browsers send."""
    return text.replace("\r\n", "\n")


def _read_constraint(
    fields: SubscriptionFields, language: Language, terms: SubscriptionTerms | None, faults: Faults
) -> Constraint:
    stored = terms.constraint if terms else Constraint()
    starts_at, ends_at = read_start_and_end(
        (fields.starts_at, fields.ends_at),
        (stored.starts_at, stored.ends_at),
        language,
        faults,
        start_required=False,
    )
    max_usage = None
    if fields.max_usage:
        max_usage = int(fields.max_usage) if re.fullmatch("[0-9]{1,16}", fields.max_usage) else 0
        if not 1 <= max_usage <= HIGHEST_MAX_USAGE:
            sentence = language.gettext("Write a whole number from 1, or nothing.")
            faults.note("max_usage", sentence)
    type_ids = _read_types(fields, language, stored, faults)
    return Constraint(starts_at, ends_at, max_usage, fields.new_only, type_ids)


def _read_types(
    fields: SubscriptionFields, language: Language, stored: Constraint, faults: Faults
) -> tuple[str, ...]:
    lines = [line.strip() for line in fields.type_ids.splitlines() if line.strip()]
    if lines == [type_id.strip() for type_id in stored.type_ids]:
        return stored.type_ids
    if len(lines) > MAX_TYPES:
        sentence = language.gettext("At most %(number)s types can be named.")
        faults.note("type_ids", sentence % {"number": language.number(MAX_TYPES)})
    if bad := [line for line in lines if not is_name(line)]:
        sentence = language.gettext("A type has 1 to %(most)s characters; wrong: %(text)s.")
        faults.note("type_ids", sentence % {"most": NAME_LENGTH, "text": bad[0][:_SHOWN]})
    return tuple(dict.fromkeys(lines))


def _read_rules(
    fields: SubscriptionFields, language: Language, stored: tuple[Rule, ...], faults: Faults
) -> tuple[Rule, ...]:
    _ = language.gettext
    shown = {_fields_of_rule(rule): rule for rule in stored}
    rules = [
        shown.get(row) or _read_rule(number, row, language, faults)
        for number, row in enumerate(fields.rules)
        if not row.empty
    ]
    if not rules:
        faults.note("amount-0", _("Write at least one rule."))
    if len(rules) > MAX_RULES:
        faults.note("rules", _("A promotion has at most %(number)s rules.") % {"number": MAX_RULES})
    if sum(len(rule.conditions) for rule in rules) > MAX_CONDITIONS:
        sentence = _("The rules name more than %(number)s orders.")
        faults.note("rules", sentence % {"number": language.number(MAX_CONDITIONS)})
    return tuple(rules)


def _read_rule(number: int, row: RuleFields, language: Language, faults: Faults) -> Rule:
    effect = _read_effect(number, row, language, faults)
    conditions = [
        Condition(condition_type, order_number)
        for name, text, condition_type in (
            ("with_code", row.with_code, ConditionType.ORDER_NUMBER_AFTER_APPLIED),
            ("of_contract", row.of_contract, ConditionType.SUBSCRIPTION_CONTRACT_ORDER_NUMBER),
        )
        for order_number in _read_orders(f"{name}-{number}", text, language, faults)
    ]
    return Rule(effect, tuple(conditions))


def _read_effect(number: int, row: RuleFields, language: Language, faults: Faults) -> Effect:
    _ = language.gettext
    # The portal's forms send no third word.
    is_amount = row.effect == EffectType.AMOUNT_DISCOUNT
    effect_type = EffectType.AMOUNT_DISCOUNT if is_amount else EffectType.PERCENTAGE_DISCOUNT
    text = row.amount if is_amount else row.amount.removesuffix("%").strip()
    try:
        return parse_effect(effect_type, text.replace(",", "."))
    except ValueError:
        sentence = _("Write an amount above 0, such as 9.90.") if is_amount else _(PERCENT_FAULT)
        faults.note(f"amount-{number}", sentence)
        return Effect(effect_type, 0, text)


def _read_orders(name: str, text: str, language: Language, faults: Faults) -> list[int]:
    """The numbers of a text such as `1-3, 6`."""
    joined = re.sub(r"\s*[-–]\s*", "-", text)  # noqa: RUF001
    numbers: dict[int, None] = {}
    for part in filter(None, re.split(r"[\s,;]+", joined)):
        low, _dash, high = part.partition("-")
        try:
            first, last = parse_order_number(low), parse_order_number(high or low)
        except ValueError:
            first, last = 1, 0
        if part.endswith("-") or not 0 <= last - first < MAX_CONDITIONS:
            sentence = language.gettext(
                "Write numbers from 1 to %(last)s, such as 1-3, 6; wrong: %(text)s."
            )
            last_number = language.number(LAST_ORDER_NUMBER)
            faults.note(name, sentence % {"last": last_number, "text": part[:_SHOWN]})
            return []
        numbers.update(dict.fromkeys(range(first, last + 1)))
        if len(numbers) > MAX_CONDITIONS:
            break
    return list(numbers)


def _fields_of_rule(rule: Rule) -> RuleFields:
    return RuleFields(
        rule.effect.type,
        rule.effect.text,
        write_numbers(numbers_of(rule, ConditionType.ORDER_NUMBER_AFTER_APPLIED)),
        write_numbers(numbers_of(rule, ConditionType.SUBSCRIPTION_CONTRACT_ORDER_NUMBER)),
    )
