"""Words for cart promotions: what they take off, when, and why they do not apply."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from sconto.domain.cart_offers import CartReason, CartRefusal
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.cart_promotion import (
    AmountOff,
    Benefit,
    BuyAndGet,
    Conditions,
    FixedPrice,
    Limits,
    PercentOff,
    ProductSelection,
    Target,
    Tiers,
)
from sconto.domain.hours import EVERY_DAY, Hours
from sconto.domain.money import FULL_PERCENT
from sconto.portal.language import Language
from sconto.portal.words import marked

TARGETS: Final[Mapping[Target, str]] = {
    Target.LINES: marked("On lines"),
    Target.ORDER: marked("On the order"),
    Target.SHIPPING: marked("On shipping"),
}

_REASONS: Final[Mapping[CartReason, str]] = {
    CartReason.MINIMUM_SUBTOTAL: marked("%(missing)s are missing: it needs %(need)s."),
    CartReason.TIER: marked("The first tier is not reached: %(missing)s are missing."),
    CartReason.SEGMENT: marked("The customer is in none of its segments."),
    CartReason.FIRST_ORDER: marked("It is not the customer's first order."),
    CartReason.CUSTOMER_REQUIRED: marked("It needs a customer, and the cart names none."),
    CartReason.NOT_COVERED: marked("It covers no product of the cart."),
    CartReason.CURRENCY: marked("It has no amounts in this currency."),
    CartReason.NO_SHIPPING: marked("There is no shipping to pay."),
    CartReason.TOTAL_LIMIT: marked("Its limit of orders is reached."),
    CartReason.CUSTOMER_LIMIT: marked("The customer has used it as often as allowed."),
    CartReason.BUDGET: marked("What is left of its budget is not enough."),
    CartReason.LOWER_DISCOUNT: marked("Another promotion takes more off."),
    CartReason.TIE: marked("Another promotion takes as much off, and comes first."),
    CartReason.NOTHING_LEFT: marked("Earlier promotions took everything off."),
    CartReason.USED: marked("An order used the code, or holds it."),
    CartReason.EXPIRED: marked("It is over."),
    CartReason.NOT_STARTED: marked("It has not started."),
    CartReason.INACTIVE: marked("It is switched off, or outside its hours."),
}


_NAMED: Final = 10
"""Products and tags that are named; of more the number is shown."""


def benefit_words(language: Language, benefit: Benefit) -> str:
    """What the promotion takes off."""
    _ = language.gettext
    match benefit:
        case PercentOff(percent, at_most):
            text = _("%(percent)s off") % {"percent": language.percent(percent)}
            if at_most is None:
                return text
            most = _("at most %(amounts)s") % {"amounts": _amounts(language, at_most)}
            return f"{text}, {most}"
        case AmountOff(amounts):
            return _("%(amounts)s off") % {"amounts": _amounts(language, amounts)}
        case FixedPrice(prices):
            return _("Each unit for %(amounts)s") % {"amounts": _amounts(language, prices)}
        case BuyAndGet():
            return ", ".join(_buy_and_get(language, benefit))
        case Tiers(tiers=tiers):
            return "; ".join(
                _("from %(start)s: %(benefit)s")
                % {
                    "start": _start(language, tier.reached_at),
                    "benefit": benefit_words(language, tier.benefit),
                }
                for tier in tiers
            )


def _buy_and_get(language: Language, benefit: BuyAndGet) -> Iterator[str]:
    _ = language.gettext
    is_free = benefit.percent == FULL_PERCENT
    text = (
        _("Buy %(buy)s, get %(get)s free")
        if is_free
        else _("Buy %(buy)s, get %(get)s at %(percent)s off")
    )
    yield text % {
        "buy": language.number(benefit.buy),
        "get": language.number(benefit.get),
        "percent": language.percent(benefit.percent),
    }
    if benefit.get_products is not None:
        gotten = "; ".join(selection_words(language, benefit.get_products))
        yield _("of these: %(products)s") % {"products": gotten}
    if benefit.at_most is not None:
        text = language.ngettext(
            "at most %(number)s unit", "at most %(number)s units", benefit.at_most
        )
        yield text % {"number": language.number(benefit.at_most)}


def selection_words(language: Language, products: ProductSelection) -> list[str]:
    """Which products are covered, and which are not."""
    _ = language.gettext
    words = []
    if products.ids:
        words.append(_("products %(products)s") % {"products": _named(language, products.ids)})
    if products.tags:
        words.append(_("tagged %(tags)s") % {"tags": _named(language, products.tags)})
    if not words:
        words.append(_("all products"))
    if products.except_ids:
        named = _named(language, products.except_ids)
        words.append(_("not products %(products)s") % {"products": named})
    if products.except_tags:
        words.append(_("not tagged %(tags)s") % {"tags": _named(language, products.except_tags)})
    return words


def hours_words(language: Language, hours: Hours) -> str:
    """Fri 17:00 - 20:00 (Europe/Berlin)."""
    words = language.gettext("%(days)s %(start)s – %(end)s (%(zone)s)")  # noqa: RUF001
    return words % {
        "days": language.gettext("every day")
        if hours.weekdays == EVERY_DAY
        else ", ".join(map(language.weekday, sorted(hours.weekdays))),
        "start": hours.starts.isoformat("minutes"),
        "end": hours.ends.isoformat("minutes"),
        "zone": hours.time_zone,
    }


def _named(language: Language, elements: Collection[int | str]) -> str:
    named = ", ".join(map(str, sorted(elements)[:_NAMED]))
    more = len(elements) - _NAMED
    if more <= 0:
        return named
    words = language.gettext("%(codes)s and %(number)s more")
    return words % {"codes": named, "number": language.number(more)}


def condition_words(language: Language, conditions: Conditions) -> list[str]:
    """What a cart must have."""
    return list(_conditions(language, conditions))


def _conditions(language: Language, conditions: Conditions) -> Iterator[str]:
    _ = language.gettext
    if conditions.minimum_subtotal is not None:
        amounts = _amounts(language, conditions.minimum_subtotal)
        yield _("a subtotal of %(amounts)s") % {"amounts": amounts}
    if conditions.minimum_quantity is not None:
        yield _units(language, conditions.minimum_quantity)
    if conditions.segments:
        segments = ", ".join(sorted(conditions.segments))
        yield _("a customer of %(segments)s") % {"segments": segments}
    if conditions.first_order:
        yield _("the customer's first order")


def limit_words(language: Language, limits: Limits) -> list[str]:
    """How often, and for how much."""
    _ = language.gettext
    words = []
    if limits.total is not None:
        text = language.ngettext(
            "%(number)s order in all", "%(number)s orders in all", limits.total
        )
        words.append(text % {"number": language.number(limits.total)})
    if limits.per_customer is not None:
        text = language.ngettext(
            "%(number)s order of a customer",
            "%(number)s orders of a customer",
            limits.per_customer,
        )
        words.append(text % {"number": language.number(limits.per_customer)})
    if limits.budget is not None:
        words.append(_("a budget of %(amounts)s") % {"amounts": _amounts(language, limits.budget)})
    return words


def outcome_words(language: Language, outcome: CartPromotionOutcome, currency: str) -> list[str]:
    """Why the promotion does not apply; if it does, what a higher tier needs."""
    if outcome.applied:
        if outcome.next_tier is None:
            return []
        return [
            language.gettext("%(missing)s more reach the next tier.")
            % _counts(language, outcome.next_tier, currency)
        ]
    return [_reason(language, refusal, currency) for refusal in outcome.reasons]


def _reason(language: Language, refusal: CartRefusal, currency: str) -> str:
    if refusal.reason in (CartReason.MINIMUM_QUANTITY, CartReason.UNITS):
        text = language.ngettext(
            "It needs %(need)s unit, %(missing)s more than now.",
            "It needs %(need)s units, %(missing)s more than now.",
            refusal.need or 0,
        )
    else:
        text = language.gettext(_REASONS[refusal.reason])
    return text % _counts(language, refusal, currency)


def _counts(language: Language, refusal: CartRefusal, currency: str) -> dict[str, str]:
    numbers = {"need": refusal.need or 0, "missing": refusal.missing or 0}
    if refusal.in_money:
        return {name: language.money(number, currency) for name, number in numbers.items()}
    return {name: language.number(number) for name, number in numbers.items()}


def _start(language: Language, start: int | Mapping[str, int]) -> str:
    if isinstance(start, int):
        return _units(language, start)
    return _amounts(language, start)


def _units(language: Language, number: int) -> str:
    text = language.ngettext("%(number)s unit", "%(number)s units", number)
    return text % {"number": language.number(number)}


def _amounts(language: Language, amounts: Mapping[str, int]) -> str:
    return " / ".join(language.money(amount, currency) for currency, amount in amounts.items())
