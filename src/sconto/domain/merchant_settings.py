"""A merchant's settings for its shop: the name, the time zone, the currency, links and sign-in."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final
from urllib.parse import quote, urlsplit
from zoneinfo import available_timezones

from sconto.domain.money import known_currencies
from sconto.domain.names import is_name

CODE_LINK_LENGTH: Final = 500
"""The longest pattern of a code's link, in characters."""

CODE_PLACE: Final = "{code}"
"""Where a pattern of links has the code."""


class Setting(StrEnum):
    """One setting of a merchant, by its name in forms and in the history."""

    SHOP_NAME = "shop_name"
    TIME_ZONE = "time_zone"
    CURRENCY = "currency"
    CODE_LINK = "code_link"
    REQUIRES_TWO_FACTOR = "requires_two_factor"


@dataclass(frozen=True, slots=True)
class MerchantSettings:
    """The settings of a merchant; None is the default.

    `shop_name` is what people see instead of the merchant's name, which they use to sign in. The
    portal shows and takes times in `time_zone` instead of the server's. `currency` is preset in
    forms. `code_link` is a pattern of the shop's links that carry a code, such as
    `https://shop.example/?code={code}`. With `requires_two_factor` the portal is open only to
    people with a second factor.
    """

    shop_name: str | None = None
    time_zone: str | None = None
    currency: str | None = None
    code_link: str | None = None
    requires_two_factor: bool = False

    def link_for(self, code: str) -> str | None:
        """The shop's link that carries the code; None if the merchant has set none."""
        return None if self.code_link is None else fill_code_link(self.code_link, code)


@dataclass(frozen=True, slots=True)
class Profile:
    """What each page of the portal needs to know about a person and their merchant.

    `language` is a language's tag, None for the browser's. `shop_name` is the merchant's name if no
    other is set.
    """

    shop_name: str
    language: str | None = None
    time_zone: str | None = None
    currency: str | None = None
    requires_two_factor: bool = False
    code_link: str | None = None


def find_faults(settings: MerchantSettings) -> list[Setting]:
    """The settings that are not valid."""
    checks = {
        Setting.SHOP_NAME: settings.shop_name is None or is_name(settings.shop_name),
        Setting.TIME_ZONE: settings.time_zone is None or settings.time_zone in known_time_zones(),
        Setting.CURRENCY: settings.currency is None or settings.currency in known_currencies(),
        Setting.CODE_LINK: settings.code_link is None or is_code_link(settings.code_link),
    }
    return [setting for setting, is_valid in checks.items() if not is_valid]


def is_code_link(pattern: str) -> bool:
    """Whether the text is a web address with `{code}` once, after the server's name.

    A user before the server's name is refused, so that a link shows where it leads.
    """
    if len(pattern) > CODE_LINK_LENGTH or pattern.count(CODE_PLACE) != 1:
        return False
    if any(letter.isspace() or not letter.isprintable() or letter in '<>"' for letter in pattern):
        return False
    before, _, after = pattern.partition(CODE_PLACE)
    if set("{}\\") & set(before + after):
        return False
    try:
        parts = urlsplit(before)
        # Reading the port checks it.
        is_server = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    begins_behind = "/" in before.partition("://")[2] or "?" in before or "#" in before
    return (
        parts.scheme in ("http", "https") and is_server and "@" not in parts.netloc
    ) and begins_behind


def fill_code_link(pattern: str, code: str) -> str:
    """The link of a code, with the code percent-encoded."""
    return pattern.replace(CODE_PLACE, quote(code, safe=""))


def setting_facts(settings: MerchantSettings) -> Mapping[str, object]:
    """The settings by name, as in the history."""
    return {setting.value: getattr(settings, setting.value) for setting in Setting}


@cache
def known_time_zones() -> frozenset[str]:
    """The names of all time zones; finding them reads folders."""
    return frozenset(available_timezones())
