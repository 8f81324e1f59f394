"""The theme: light, dark, or that of the browser's system; stored in a cookie."""

from enum import StrEnum
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.portal.session import set_cookie

_COOKIE: Final = "sconto_theme"
_SECONDS: Final = 365 * 24 * 3600


class Theme(StrEnum):
    """A theme; SYSTEM follows the browser."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


def theme_of(request: Request) -> Theme:
    """The theme that was chosen in this browser."""
    return theme_named(request.cookies.get(_COOKIE, ""))


def theme_named(name: str) -> Theme:
    """The theme of the name; SYSTEM for any other."""
    return Theme(name) if name in Theme._value2member_map_ else Theme.SYSTEM


def keep_theme(request: Request, response: Response, theme: Theme) -> None:
    """Store the theme in this browser for a year; SYSTEM needs no cookie."""
    kept = theme is not Theme.SYSTEM
    set_cookie(request, response, _COOKIE, theme if kept else "", _SECONDS if kept else 0)
