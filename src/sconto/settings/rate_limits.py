"""The settings of rate limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from limits import parse_many

from sconto.settings.errors import SettingError

DEFAULT_USER_LIMIT: Final = "2000/second"
"""How many requests a user may send, except to the checkout, which has no limit by default.

A script that waits for each answer stays below it."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Limits such as `500/second`; an empty text is not a limit.

    `unknown_codes` limits codes that do not exist, by merchant and address. `url` is the Redis in
    which all processes count; with None each process counts for itself.
    """

    url: str | None
    user: str
    merchant: str
    checkout_user: str
    checkout_merchant: str
    unknown_codes: str


def read_rate_limits(environment: Mapping[str, str]) -> RateLimits:
    """The limits. Raises SettingError."""
    return RateLimits(
        _rate_limit_url(environment),
        _rate_limit(environment, "SCONTO_RATE_LIMIT_USER", DEFAULT_USER_LIMIT),
        _rate_limit(environment, "SCONTO_RATE_LIMIT_MERCHANT"),
        _rate_limit(environment, "SCONTO_RATE_LIMIT_CHECKOUT_USER"),
        _rate_limit(environment, "SCONTO_RATE_LIMIT_CHECKOUT_MERCHANT"),
        _rate_limit(environment, "SCONTO_RATE_LIMIT_UNKNOWN_CODES"),
    )


def _rate_limit_url(environment: Mapping[str, str]) -> str | None:
    url = environment.get("SCONTO_RATE_LIMIT_URL") or None
    if url is None:
        return None
    # No message repeats the address: it may contain a password.
    if not url.startswith(("redis://", "rediss://")):
        raise SettingError(
            "SCONTO_RATE_LIMIT_URL is not an address of a Redis: expected redis://host:port/number"
        )
    if find_spec("coredis") is None:
        raise SettingError(
            "SCONTO_RATE_LIMIT_URL needs a package that is not installed: expected sconto[redis]"
        )
    return url


def _rate_limit(environment: Mapping[str, str], name: str, default: str = "") -> str:
    text = environment.get(name) or default
    if text in ("", "none"):
        return ""
    try:
        allowed = all(item.amount > 0 for item in parse_many(text))
    except ValueError:
        allowed = False
    if not allowed:
        raise SettingError(
            f"{name} is {text!r}; expected none, or a number and a time such as 500/second"
        )
    return text
