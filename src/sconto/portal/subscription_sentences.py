"""Subscription promotions in words."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import (
    Condition,
    ConditionType,
    Constraint,
    Effect,
    EffectType,
    IneligibleReason,
    Rule,
    SubscriptionPromotion,
    SubscriptionTerms,
    find_ineligible_reason,
    numbers_of,
    parse_effect,
)
from sconto.domain.subscription_schedule import Schedule, ScheduledOrder
from sconto.domain.subscription_warnings import SubscriptionWarning, SubscriptionWarningKind
from sconto.portal.language import Language
from sconto.portal.sentences import Mark
from sconto.portal.words import marked

STATES: Final = {
    IneligibleReason.DISABLED: (marked("Off"), Mark.STILL),
    IneligibleReason.NOT_STARTED: (marked("Scheduled"), Mark.WARN),
    IneligibleReason.ENDED: (marked("Expired"), Mark.STILL),
    IneligibleReason.USED_UP: (marked("Limit reached"), Mark.WARN),
    None: (marked("Active"), Mark.GOOD),
}
"""Why nobody can apply the code now; None if it can be applied."""

_NAMED: Final = 3
_SPANS: Final = 8


def fitting_contract(constraint: Constraint) -> Contract:
    """A subscription that starts now, of a type that may have the code."""
    return Contract(created_at=None, type_id=next(iter(constraint.type_ids), ""))


def state_of(promotion: SubscriptionPromotion, now: datetime) -> tuple[str, Mark]:
    """Whether new subscriptions can have the code now, and its mark."""
    contract = fitting_contract(promotion.terms.constraint)
    return STATES[find_ineligible_reason(promotion, contract, now)]


def terms_words(language: Language, terms: SubscriptionTerms) -> str:
    """30% off the first 3 orders with the code; with code TRY3, until …, at most 1,000 times."""
    _ = language.gettext
    rules = [rule_words(language, rule) for rule in terms.rules[:_NAMED]]
    more = len(terms.rules) - _NAMED
    if more > 0:
        text = language.ngettext("%(number)s more rule", "%(number)s more rules", more)
        rules.append(text % {"number": language.number(more)})
    conditions = [
        _("with code %(codes)s") % {"codes": terms.code},
        *_constraint_words(language, terms.constraint),
    ]
    return f"{'; '.join(rules)} – {', '.join(conditions)}"  # noqa: RUF001


def _constraint_words(language: Language, constraint: Constraint) -> list[str]:
    _ = language.gettext
    said = []
    if constraint.starts_at is not None:
        said.append(_("from %(start)s") % {"start": language.instant(constraint.starts_at)})
    if constraint.ends_at is not None:
        said.append(_("until %(end)s") % {"end": language.instant(constraint.ends_at)})
    if (most := constraint.max_usage) is not None:
        text = language.ngettext("at most once", "at most %(number)s times", most)
        said.append(text % {"number": language.number(most)})
    if constraint.new_only:
        said.append(_("for new subscriptions only"))
    if constraint.type_ids:
        said.append(_("for the types %(types)s") % {"types": types_words(constraint)})
    return said


def types_words(constraint: Constraint) -> str:
    """The first of the types."""
    shown = ", ".join(constraint.type_ids[:_SPANS])
    return f"{shown} …" if len(constraint.type_ids) > _SPANS else shown


def period_words(language: Language, constraint: Constraint) -> str:
    """The first and last day, if there are any."""
    _ = language.gettext
    starts_at, ends_at = constraint.starts_at, constraint.ends_at
    if starts_at is None and ends_at is None:
        return _("always")
    if ends_at is None and starts_at is not None:
        return _("from %(start)s") % {"start": language.day(starts_at)}
    end = "" if ends_at is None else language.day(ends_at)
    if starts_at is None:
        return _("until %(end)s") % {"end": end}
    return _("%(start)s – %(end)s") % {"start": language.day(starts_at), "end": end}  # noqa: RUF001


def usage_words(language: Language, promotion: SubscriptionPromotion) -> str:
    """12 of 1,000; 12, without a limit."""
    used, most = language.number(promotion.usage), promotion.terms.constraint.max_usage
    if most is None:
        return language.gettext("%(used)s, no limit") % {"used": used}
    return language.gettext("%(used)s of %(most)s") % {"used": used, "most": language.number(most)}


def rules_words(language: Language, rules: Collection[Rule]) -> str:
    """The discounts of the rules, short enough for a list."""
    effects = dict.fromkeys(effect_words(language, rule.effect) for rule in rules)
    shown = ", ".join([*effects][:_NAMED])
    return f"{shown} …" if len(effects) > _NAMED else shown


def rule_words(language: Language, rule: Rule) -> str:
    """30% off the first 3 orders with the code."""
    named = {"effect": effect_words(language, rule.effect), "orders": _orders(language, rule)}
    return language.gettext("%(effect)s %(orders)s") % named


def recorded_rule_words(language: Language, facts: Mapping[str, Any]) -> str:
    """A rule as a history recorded it, in words."""
    conditions = tuple(
        Condition(ConditionType(recorded["type"]), recorded["order_number"])
        for recorded in facts["conditions"]
    )
    effect = parse_effect(EffectType(facts["effect"]), facts["amount"])
    return rule_words(language, Rule(effect, conditions))


def effect_words(language: Language, effect: Effect) -> str:
    """30% off; 9.90 off, in the currency of the order."""
    match effect.type:
        case EffectType.PERCENTAGE_DISCOUNT:
            amount = language.percent(effect.amount)
        case EffectType.AMOUNT_DISCOUNT:
            amount = language.bare_amount(effect.amount)
    return language.gettext("%(amount)s off") % {"amount": amount}


def order_words(language: Language, schedule: Schedule, order: ScheduledOrder) -> str:
    """What one order gets."""
    if order.winning_rule is not None:
        return effect_words(language, schedule.rules[order.winning_rule].effect)
    if not order.rules:
        return language.gettext("nothing")
    effects = [effect_words(language, schedule.rules[held.rule].effect) for held in order.rules]
    named = {"effects": language.gettext(" or ").join(dict.fromkeys(effects))}
    return language.gettext("%(effects)s, whichever is more") % named


def end_words(language: Language, schedule: Schedule) -> str:
    """The last order of a subscription starting now that gets a discount."""
    match schedule.last_order:
        case None:
            return language.gettext("It lasts as long as the subscription.")
        case 0:
            return language.gettext("None of its orders gets a discount.")
        case number:
            text = language.gettext("Order %(number)s is the last that gets a discount.")
            return text % {"number": language.number(number)}


def warning_words(language: Language, warning: SubscriptionWarning) -> str:
    """A sentence about something the merchant may not have intended."""
    _ = language.gettext
    rule = "" if warning.rule is None else rule_words(language, warning.rule)
    match warning.kind:
        case SubscriptionWarningKind.OVER:
            return _("The period has ended: nobody can apply the code.")
        case SubscriptionWarningKind.USED_UP:
            return _("The limit is reached: nobody else can apply the code.")
        case SubscriptionWarningKind.ALL_FREE:
            return _("This makes every order free for as long as the subscription lasts.")
        case SubscriptionWarningKind.NEVER_DUE:
            sentence = _("No order can match this rule: %(rule)s.")
        case SubscriptionWarningKind.OUTDONE:
            sentence = _("Another rule gives as much or more on the same orders: %(rule)s.")
    return sentence % {"rule": rule}


def write_numbers(numbers: Collection[int]) -> str:
    """1-3, 6."""
    return ", ".join(f"{low}-{high}" if low < high else f"{low}" for low, high in _spans(numbers))


def _orders(language: Language, rule: Rule) -> str:
    _ = language.gettext
    with_code = numbers_of(rule, ConditionType.ORDER_NUMBER_AFTER_APPLIED)
    of_contract = numbers_of(rule, ConditionType.SUBSCRIPTION_CONTRACT_ORDER_NUMBER)
    if not rule.conditions:
        return _("every order")
    if not of_contract:
        return _("%(orders)s with the code") % {"orders": _some_orders(language, with_code)}
    of_it = _("%(orders)s of the subscription") % {"orders": _some_orders(language, of_contract)}
    if not with_code:
        return of_it
    named = {"orders": _some_orders(language, with_code), "others": of_it}
    return _("%(orders)s with the code where they are also %(others)s") % named


def _some_orders(language: Language, numbers: Collection[int]) -> str:
    """The first 3 orders; order 6; orders 1–3, 6."""  # noqa: RUF002
    last = max(numbers)
    if len(numbers) == last:
        text = language.ngettext("the first order", "the first %(number)s orders", last)
        return text % {"number": language.number(last)}
    shown = write_numbers(numbers).replace("-", "–").split(", ")  # noqa: RUF001
    listed = ", ".join(shown[:_SPANS]) + " …" * (len(shown) > _SPANS)
    return language.ngettext("order %(list)s", "orders %(list)s", len(numbers)) % {"list": listed}


def _spans(numbers: Collection[int]) -> list[tuple[int, int]]:
    """Runs of consecutive numbers, as first and last."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return spans
