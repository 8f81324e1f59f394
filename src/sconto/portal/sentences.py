"""Promotions in words."""

from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from sconto.domain.code_list import CodeState
from sconto.domain.code_pattern import Ending
from sconto.domain.codes import CodeType
from sconto.domain.history import Verb
from sconto.domain.overview import (
    MAX_COUNTED,
    CartPromotionOverview,
    Discount,
    ListCount,
    ListedCodes,
    ListKind,
    ListOrder,
    ListState,
    PromotionOverview,
)
from sconto.domain.preview import PromotionWarning, WarningKind
from sconto.domain.promotion import PromotionType
from sconto.domain.schedule import Period, PeriodState
from sconto.portal.language import Language
from sconto.portal.words import marked

TYPES: Final = {
    PromotionType.COUPON: marked("With a code"),
    PromotionType.DISCOUNT: marked("Automatic"),
}

KINDS: Final = {
    ListKind.DISCOUNT: marked("Product promotions, automatic"),
    ListKind.COUPON: marked("Product promotions with a code"),
    ListKind.CART: marked("Cart promotions"),
}
"""The kinds by which the list is filtered."""

TYPES_FOUND: Final = {
    ListKind.DISCOUNT: marked("Automatic"),
    ListKind.COUPON: marked("With a code"),
    ListKind.CART: marked("For carts"),
}
"""The kinds in what a search finds."""

CODE_TYPES: Final = {
    CodeType.ONE_TIME: marked("Single use"),
    CodeType.REUSABLE: marked("Unlimited use"),
}

STATES: Final = {
    ListState.RUNNING: marked("Active"),
    ListState.ON: marked("On"),
    ListState.OFF: marked("Off"),
    ListState.NOT_STARTED: marked("Scheduled"),
    ListState.EXPIRED: marked("Expired"),
    ListState.USED_UP: marked("All codes used"),
}

ORDERS: Final = {
    ListOrder.EDITED: marked("Last edit"),
    ListOrder.CREATED: marked("Newest"),
    ListOrder.NAME: marked("Name"),
    ListOrder.START: marked("Start"),
    ListOrder.END: marked("End"),
}

VERBS: Final = {
    Verb.CREATED: marked("Created"),
    Verb.CHANGED: marked("Changed"),
    Verb.DELETED: marked("Deleted"),
    Verb.RESTORED: marked("Restored"),
    Verb.CODES_ADDED: marked("Codes added"),
    Verb.CODES_REMOVED: marked("Codes removed"),
    Verb.GENERATION_STARTED: marked("Generation of codes started"),
    Verb.CODES_GENERATED: marked("Codes generated"),
    Verb.PASSWORD_SET: marked("Password set"),
    Verb.SIGNED_OUT: marked("Signed out everywhere"),
}

CODE_STATES: Final = {CodeState.FREE: marked("Free"), CodeState.USED: marked("Used")}

ENDINGS: Final = {
    Ending.COMPLETE: marked("complete"),
    Ending.PROMOTION_GONE: marked("stopped: the promotion was deleted or no longer takes codes"),
    Ending.PATTERN_USED_UP: marked("stopped: the pattern has no more codes"),
}


class Mark(StrEnum):
    """How a state is coloured."""

    GOOD = "good"
    WARN = "warn"
    STILL = ""


class HasState(Protocol):
    """What the state of a promotion depends on."""

    @property
    def active(self) -> bool:
        """Whether it is switched on."""

    @property
    def period(self) -> Period:
        """When it runs."""


def state_of(summary: HasState, now: datetime) -> tuple[str, Mark]:
    """The current state of a promotion, and its mark."""
    standing = summary.period.state(now)
    if standing is PeriodState.OVER:
        return marked("Expired"), Mark.STILL
    if not summary.active:
        return marked("Off"), Mark.STILL
    if standing is PeriodState.NOT_STARTED:
        return marked("Scheduled"), Mark.WARN
    return marked("Active"), Mark.GOOD


def count_words(language: Language, count: ListCount) -> str:
    """How many promotions match; with a plus if only part of them were read."""
    number = language.number(count.number)
    if not count.exact:
        return language.gettext("%(number)s+ promotions") % {"number": number}
    words = language.ngettext("%(number)s promotion", "%(number)s promotions", count.number)
    return words % {"number": number}


def period_words(language: Language, period: Period) -> str:
    """The first and last day."""
    _ = language.gettext
    start = language.day(period.starts_at)
    if period.ends_at is None:
        return _("from %(start)s") % {"start": start}
    words = _("%(start)s – %(end)s")  # noqa: RUF001
    return words % {"start": start, "end": language.day(period.ends_at)}


def discount_words(language: Language, discount: Discount | None) -> str:
    """10% off all products; 5% to 20% off 3 products."""
    _ = language.gettext
    if discount is None:
        return _("nothing")
    lowest, highest = language.percent(discount.lowest), language.percent(discount.highest)
    percent = (
        lowest
        if discount.lowest == discount.highest
        else _("%(lowest)s to %(highest)s") % {"lowest": lowest, "highest": highest}
    )
    products = products_words(language, discount.products)
    return _("%(percent)s off %(products)s") % {"percent": percent, "products": products}


def products_words(language: Language, products: int | None) -> str:
    """All products; 3 products; more than 100 products."""
    if products is None:
        return language.gettext("all products")
    if products > MAX_COUNTED:
        return language.gettext("more than %(number)s products") % {"number": MAX_COUNTED}
    text = language.ngettext("%(number)s product", "%(number)s products", products)
    return text % {"number": language.number(products)}


def kind_words(language: Language, overview: PromotionOverview | CartPromotionOverview) -> str:
    """Automatic; With a code; Cart promotion · Automatic."""
    _ = language.gettext
    if isinstance(overview, PromotionOverview):
        return _(TYPES[overview.summary.type])
    type_ = PromotionType.DISCOUNT if overview.codes.type is None else PromotionType.COUPON
    return " · ".join((_("Cart promotion"), _(TYPES[type_])))


def codes_words(language: Language, codes: ListedCodes) -> str:
    """For example: PROMO-001, PROMO-002 and 3 more; empty if the promotion has no codes."""
    _ = language.gettext
    named = ", ".join(codes.first)
    if codes.count > MAX_COUNTED:
        words = _("%(codes)s … (more than %(number)s codes)")
        return words % {"codes": named, "number": MAX_COUNTED}
    more = codes.count - len(codes.first)
    if more:
        return _("%(codes)s and %(number)s more") % {"codes": named, "number": more}
    return named


def terms_words(language: Language, overview: PromotionOverview) -> str:
    """10% off 2 products with code PROMO-001 or PROMO-002, once each, until …"""
    _ = language.gettext
    summary = overview.summary
    said = [discount_words(language, overview.discount)]
    if summary.type is PromotionType.COUPON:
        said.append(_with_code(language, overview.codes))
        if overview.codes.type is CodeType.ONE_TIME:
            said.append(_("once each"))
    period = summary.period
    said.append(_("from %(start)s") % {"start": language.instant(period.starts_at)})
    if period.ends_at is not None:
        said.append(_("until %(end)s") % {"end": language.instant(period.ends_at)})
    return ", ".join(said)


def _with_code(language: Language, codes: ListedCodes) -> str:
    _ = language.gettext
    if codes.count == 0:
        return _("with a code, of which there is none yet")
    if codes.count == len(codes.first):
        return _("with code %(codes)s") % {"codes": _(" or ").join(codes.first)}
    if codes.count > MAX_COUNTED:
        return _("with one of more than %(number)s codes") % {"number": MAX_COUNTED}
    return _("with one of %(number)s codes") % {"number": codes.count}


def warning_words(language: Language, warning: PromotionWarning) -> str:
    """A sentence about something the merchant may not have intended."""
    _ = language.gettext
    match warning.kind:
        case WarningKind.OVER:
            return _("The period has ended: nobody will get this promotion.")
        case WarningKind.ALL_FREE:
            return _("This gives every product away for nothing.")
        case WarningKind.NEVER_WINS:
            return _("Another promotion gives more on every product, so this one never applies:")
        case WarningKind.CODE_ELSEWHERE:
            sentence = _("Another promotion of the same time has the code %(codes)s too:")
            return sentence % {"codes": ", ".join(warning.codes)}
        case WarningKind.REMOVES_USED:
            sentence = language.ngettext(
                "%(number)s code that was used would be removed: %(codes)s.",
                "%(number)s codes that were used would be removed, such as %(codes)s.",
                warning.count,
            )
            named = {"number": language.number(warning.count), "codes": ", ".join(warning.codes)}
            return sentence % named
