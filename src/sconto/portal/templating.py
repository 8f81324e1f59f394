"""The templates, and the words and filters that each of them knows."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from sconto.portal import csrf
from sconto.portal.language import Language

_FOLDER: Final = Path(__file__).with_name("templates")


class Visit(Protocol):
    """The part of a visit that the templates' words and filters use."""

    @property
    def language(self) -> Language:
        """How to write words, numbers and times."""

    @property
    def form_token(self) -> str:
        """What a form must hold when it is posted."""

    def path(self, path: str, **query: Any) -> str:
        """The address of a page."""


def make_environment() -> Environment:
    """Templates that escape whatever they are given, and fail on what they are not given."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    # The extension adds the function, so no type knows it.
    install: Callable[..., None] = vars(environment)["install_gettext_callables"]
    install(_gettext, _ngettext, newstyle=True)
    environment.filters |= {
        "day": _day,
        "instant": _instant,
        "money": _money,
        "number": _number,
        "percent": _percent,
    }
    environment.globals |= {"file": _file, "form_token": _form_token, "path": _path}
    return environment


def _visit(context: Context) -> Visit:
    visit: Visit = context["visit"]
    return visit


@pass_context
def _gettext(context: Context, text: str) -> str:
    return _visit(context).language.gettext(text)


@pass_context
def _ngettext(context: Context, one: str, many: str, number: int) -> str:
    return _visit(context).language.ngettext(one, many, number)


@pass_context
def _day(context: Context, day: date) -> str:
    return _visit(context).language.day(day)


@pass_context
def _instant(context: Context, instant: datetime) -> Markup:
    text = _visit(context).language.instant(instant)
    return Markup('<time datetime="{}">{}</time>').format(instant.isoformat(), text)


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
    return _visit(context).path(f"/static/{name}")


@pass_context
def _form_token(context: Context) -> Markup:
    """The hidden field that each posted form holds."""
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return field.format(csrf.FIELD, _visit(context).form_token)
