"""The language of a visit: texts, numbers, amounts and times."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton, get_day_names
from babel.numbers import format_decimal, format_percent

from sconto.domain.far_times import in_zone
from sconto.domain.money import FULL_PERCENT, currency_decimals

_CATALOGUES: Final = Path(__file__).with_name("locales")

LANGUAGES: Final = {"en": "English", "de": "Deutsch"}
"""The languages that people can choose, by their own names."""

_DEFAULT: Final = Locale("en", "GB")

_MAX_PREFERENCES: Final = 10


@dataclass(frozen=True, slots=True)
class Language:
    """A locale with a catalogue of texts, and the time zone of the server."""

    locale: Locale
    zone: ZoneInfo

    @property
    def tag(self) -> str:
        """The name in HTML: `en-GB`."""
        return str(self.locale).replace("_", "-")

    def gettext(self, text: str) -> str:
        """The text in this language."""
        return _translations(self.locale.language).gettext(text)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """The singular or the plural in this language."""
        return _translations(self.locale.language).ngettext(one, many, number)

    def number(self, number: int) -> str:
        """12,345."""
        return format_decimal(number, locale=self.locale)

    def money(self, amount: int, currency: str) -> str:
        """An amount of minor units as €19.99, with the decimals of ISO 4217."""
        decimals = currency_decimals(currency)
        # Babel would round to the decimals of CLDR, which has no cents for some currencies.
        pattern = copy(self.locale.currency_formats["standard"])
        pattern.frac_prec = (decimals, decimals)
        exact = Decimal(amount).scaleb(-decimals)
        written: str = pattern.apply(exact, self.locale, currency=currency, currency_digits=False)
        return written

    def bare_amount(self, ten_thousandths: int) -> str:
        """An amount of any currency, in ten-thousandths of its major unit, as 9.90."""
        exact = Decimal(ten_thousandths).scaleb(-4)
        return format_decimal(exact, "#,##0.00##", locale=self.locale)

    def percent(self, percent: int) -> str:
        """Millionths of a percent as 12.5%."""
        exact = Decimal(percent) / FULL_PERCENT
        return format_percent(exact, locale=self.locale, decimal_quantization=False)

    def instant(self, instant: datetime) -> str:
        """An instant in the server's zone: 22 Nov 2026, 10:36 CET."""
        there = in_zone(instant, self.zone)
        day = format_date(there, "medium", locale=self.locale)
        time = format_datetime(there, "HH:mm", tzinfo=there.tzinfo, locale=self.locale)
        return f"{day}, {time} {there.tzname()}"

    def weekday(self, number: int) -> str:
        """Mon for 0."""
        name: str = get_day_names("abbreviated", locale=self.locale)[number]
        return name

    def day(self, day: date) -> str:
        """22 Nov 2026; for an instant, its day in the server's zone."""
        if isinstance(day, datetime):
            day = in_zone(day, self.zone).date()
        return format_date(day, "medium", locale=self.locale)

    def short_day(self, day: date) -> str:
        """22 Nov."""
        return format_skeleton("MMMd", day, locale=self.locale)

    def month(self, day: date) -> str:
        """November 2026."""
        return format_skeleton("yMMMM", day, locale=self.locale)

    def signed_percent(self, thousandths: int) -> str:
        """+12.5%."""
        percent = format_percent(
            Decimal(abs(thousandths)).scaleb(-3), locale=self.locale, decimal_quantization=False
        )
        return f"{'−' if thousandths < 0 else '+'}{percent}"  # noqa: RUF001


def language_for(accepted: str, zone: ZoneInfo, chosen: str | None = None) -> Language:
    """The language that somebody chose, in the browser's first variant of it.

    Without a choice, the most preferred known language of an Accept-Language header (RFC 9110,
    12.5.4).
    """
    wishes = _preferences(accepted)
    if chosen is not None:
        # The browser knows the region, and so the format of numbers and days.
        wishes = [*(wish for wish in wishes if _spoken(wish) == _spoken(chosen)), chosen]
    for wish in wishes:
        locale = _locale(wish)
        if locale is not None:
            return Language(locale, zone)
    return Language(_DEFAULT, zone)


def _preferences(accepted: str) -> Sequence[str]:
    weighed: list[tuple[float, str]] = []
    for part in accepted.split(",")[:_MAX_PREFERENCES]:
        tag, _, weight = part.partition(";q=")
        try:
            weighed.append((float(weight or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighed, key=lambda w: -w[0]) if weight > 0]


def _spoken(tag: str) -> str:
    """The language of a tag, without its region: `en` for `en-GB`."""
    return tag.partition("-")[0].lower()


@cache
def _languages() -> frozenset[str]:
    """The languages with a catalogue, and English, the language of the sources."""
    return frozenset({"en", *(path.parent.parent.name for path in _CATALOGUES.glob("*/*/*.mo"))})


def _locale(tag: str) -> Locale | None:
    if _spoken(tag) not in _languages():
        return None
    try:
        return Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return None


@cache
def _translations(language: str) -> NullTranslations:
    path = _CATALOGUES / language / "LC_MESSAGES" / "messages.mo"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        return GNUTranslations(file)
