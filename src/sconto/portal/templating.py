"""The templates, with their filters and functions."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.cart_promotion import CartPromotion
from sconto.domain.money import format_amount
from sconto.domain.reports import growth
from sconto.domain.schedule import Period
from sconto.portal import cart_sentences, csrf, outcome_sentences, sentences, subscription_sentences
from sconto.portal.charts import SPARK_HEIGHT, SPARK_WIDTH, spark_points
from sconto.portal.files import versioned
from sconto.portal.icons import icon
from sconto.portal.language import Language
from sconto.portal.roles import ROLES

_FOLDER: Final = Path(__file__).with_name("templates")


class TemplateVisit(Protocol):
    """The part of a visit that the templates use."""

    @property
    def language(self) -> Language:
        """The language of the page."""

    @property
    def form_token(self) -> str:
        """The token of posted forms."""

    @property
    def form_owner(self) -> str:
        """The user for whom posted forms are made."""

    @property
    def now(self) -> datetime:
        """The current time."""

    def path(self, path: str, **query: Any) -> str:
        """The address of a page."""


def make_environment() -> Environment:
    """The environment: all values are escaped, and missing ones raise."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    # The extension adds this function, which has no type.
    install: Callable[..., None] = vars(environment)["install_gettext_callables"]
    install(_gettext, _ngettext, newstyle=True)
    environment.filters |= {
        "cart_outcome": _cart_outcome,
        "benefit": _in_language(cart_sentences.benefit_words),
        "code_state": _in_language(outcome_sentences.code_words),
        "codes": _in_language(sentences.codes_words),
        "day": _day,
        "growth": growth,
        "discount": _in_language(sentences.discount_words),
        "instant": _instant,
        "kind": _in_language(sentences.kind_words),
        "money": _money,
        "month": _month,
        "number": _number,
        "outside_hours": _outside_hours,
        "percent": _percent,
        "period": _period,
        "period_text": _in_language(sentences.period_words),
        "plain_amount": format_amount,
        "promotion_count": _in_language(sentences.count_words),
        "short_day": _short_day,
        "signed_percent": _signed_percent,
        "state": _state,
        "subscription_terms": _in_language(subscription_sentences.terms_words),
        "subscription_period": _in_language(subscription_sentences.period_words),
        "subscription_rules": _in_language(subscription_sentences.rules_words),
        "usage": _in_language(subscription_sentences.usage_words),
        "subscription_code": _in_language(outcome_sentences.subscription_code_words),
        "terms": _in_language(sentences.terms_words),
        "outcome": _in_language(outcome_sentences.outcome_words),
        "outcome_state": _in_language(outcome_sentences.outcome_state),
    }
    known: dict[str, Any] = {
        "cart_targets": cart_sentences.TARGETS,
        "file": _file,
        "form_token": _form_token,
        "groups": outcome_sentences.GROUPS,
        "icon": icon,
        "path": _path,
        "role_words": ROLES,
        "spark": _spark,
        "translated": _translated,
    }
    environment.globals |= known
    return environment


def _visit(context: Context) -> TemplateVisit:
    visit: TemplateVisit = context["visit"]
    return visit


@pass_context
def _gettext(context: Context, text: str) -> str:
    return _visit(context).language.gettext(text)


@pass_context
def _translated(context: Context, texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Values with their texts in the user's language."""
    gettext = _visit(context).language.gettext
    return [(value, gettext(text)) for value, text in texts.items()]


@pass_context
def _ngettext(context: Context, one: str, many: str, number: int) -> str:
    return _visit(context).language.ngettext(one, many, number)


@pass_context
def _cart_outcome(context: Context, outcome: CartPromotionOutcome, currency: str) -> list[str]:
    return cart_sentences.outcome_words(_visit(context).language, outcome, currency)


@pass_context
def _day(context: Context, day: date) -> str:
    return _visit(context).language.day(day)


@pass_context
def _instant(context: Context, instant: datetime) -> Markup:
    text = _visit(context).language.instant(instant)
    return Markup('<time datetime="{}">{}</time>').format(instant.isoformat(), text)


@pass_context
def _month(context: Context, month: date) -> str:
    return _visit(context).language.month(month)


@pass_context
def _short_day(context: Context, day: date) -> str:
    return _visit(context).language.short_day(day)


@pass_context
def _period(context: Context, period: Period) -> Markup:
    """The first and last day; a line never ends within a day."""
    text = sentences.period_words(_visit(context).language, period)
    days = [Markup('<span class="unbroken">{}</span>').format(day) for day in text.split(" – ")]  # noqa: RUF001
    return Markup(" – ").join(days)  # noqa: RUF001


@pass_context
def _signed_percent(context: Context, thousandths: int) -> str:
    return _visit(context).language.signed_percent(thousandths)


@pass_context
def _money(context: Context, amount: int, currency: str) -> str:
    return _visit(context).language.money(amount, currency)


@pass_context
def _number(context: Context, number: int) -> str:
    return _visit(context).language.number(number)


@pass_context
def _percent(context: Context, percent: int) -> str:
    return _visit(context).language.percent(percent)


@pass_context
def _path(context: Context, path: str, **query: Any) -> str:
    return _visit(context).path(path, **query)


@pass_context
def _file(context: Context, name: str) -> str:
    return _visit(context).path(f"/static/{name}", **versioned(name))


@pass_context
def _form_token(context: Context, *, kept: bool = False) -> Markup:
    """The hidden field of every posted form.

    With `kept`, also the field with which a form that has an `again` survives its session.
    """
    field = Markup('<input type="hidden" name="{}" value="{}">')
    token = field.format(csrf.FIELD, _visit(context).form_token)
    return token + field.format(csrf.OWNER, _visit(context).form_owner) if kept else token


@pass_context
def _state(context: Context, summary: sentences.HasState) -> tuple[str, sentences.StateColour]:
    return sentences.state_of(summary, _visit(context).now)


@pass_context
def _outside_hours(context: Context, promotion: CartPromotion) -> bool:
    hours = promotion.terms.hours
    return hours is not None and not hours.include(_visit(context).now)


@pass_context
def _spark(context: Context, numbers: Sequence[int]) -> Markup:
    """A small chart of a promotion's uses by day."""
    language = _visit(context).language
    label = language.gettext("%(number)s in %(days)s days") % {
        "number": language.number(sum(numbers)),
        "days": len(numbers),
    }
    picture = Markup(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<polyline points="{}"/></svg>'
    )
    return picture.format(SPARK_WIDTH, SPARK_HEIGHT, label, spark_points(numbers))


def _in_language(words: Callable[[Language, Any], object]) -> Callable[[Context, Any], object]:
    """A filter that writes a value in the user's language."""

    @pass_context
    def say(context: Context, value: Any) -> object:
        return words(_visit(context).language, value)

    return say
