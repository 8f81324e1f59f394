"""What needs attention, and the first steps, in words."""

from datetime import datetime, timedelta
from typing import Final

from sconto.domain.home import Attention, Concern
from sconto.portal.language import Language

ICONS: Final = {
    Concern.ENDS_SOON: "clock",
    Concern.NEARLY_USED: "hourglass",
    Concern.NO_CODES: "ticket-percent",
    Concern.NEVER_WINS: "eye-off",
}


def attention_words(language: Language, one: Attention, now: datetime) -> str:
    """For example: ends in 5 hours; 12 codes are left; it is on and has no codes."""
    _ = language.gettext
    match one.concern:
        case Concern.ENDS_SOON:
            assert one.ends_at is not None  # noqa: S101  # such a promotion has an end
            return _ends_words(language, one.ends_at - now)
        case Concern.NO_CODES:
            return _("It is on but has no codes, so nobody can get it.")
        case Concern.NEARLY_USED:
            return _left_words(language, one)
        case Concern.NEVER_WINS:
            return _beaten_words(language, one.beaten)


def _ends_words(language: Language, left: timedelta) -> str:
    hours = max(left, timedelta()) // timedelta(hours=1)
    if hours == 0:
        return language.gettext("Ends within the hour.")
    text = language.ngettext("Ends in %(number)s hour.", "Ends in %(number)s hours.", hours)
    return text % {"number": hours}


def _left_words(language: Language, one: Attention) -> str:
    number = {"number": language.number(one.left)}
    if one.of == "codes":
        text = language.ngettext("%(number)s code is left.", "%(number)s codes are left.", one.left)
        return language.gettext("All codes are used.") if one.left == 0 else text % number
    if one.of == "total":
        text = language.ngettext(
            "%(number)s use of its limit is left.",
            "%(number)s uses of its limit are left.",
            one.left,
        )
        return language.gettext("Its limit is reached.") if one.left == 0 else text % number
    left = {"amount": language.money(one.left, one.of or "")}
    return language.gettext("%(amount)s of its budget is left.") % left


def _beaten_words(language: Language, beaten: int) -> str:
    if beaten == 0:
        return language.gettext("A newer promotion always wins, so it never applies.")
    text = language.ngettext(
        "It did not apply in 30 days: %(number)s order got a better offer.",
        "It did not apply in 30 days: %(number)s orders got a better offer.",
        beaten,
    )
    return text % {"number": language.number(beaten)}
