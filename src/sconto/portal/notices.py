"""Notices: a sentence that the next page shows once, for example after a change."""

import base64
import re
from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sconto.portal.language import Language
from sconto.portal.session import set_cookie

_COOKIE: Final = "sconto_notice"
_NOTICE_SECONDS: Final = 60

_ADDRESS: Final = re.compile(r"(/[A-Za-z0-9-]+)+")
"""The form of the portal's addresses that undo a change."""

_READER: Final = msgspec.json.Decoder(tuple[str, str | None])


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence; `undo` is the portal's address that undoes the change."""

    text: str
    undo: str | None = None


def notice_of(request: Request) -> Notice | None:
    """The notice that the last request left."""
    cookie = request.cookies.get(_COOKIE)
    if not cookie:
        return None
    try:
        text, undo = _READER.decode(base64.urlsafe_b64decode(cookie))
    except ValueError:
        return None
    is_address = undo is not None and _ADDRESS.fullmatch(undo) is not None
    return Notice(text, undo if is_address else None)


def leave_notice(request: Request, response: Response, notice: Notice) -> None:
    """Leave the notice for the next page."""
    text = msgspec.json.encode([notice.text, notice.undo])
    set_cookie(request, response, _COOKIE, base64.urlsafe_b64encode(text).decode(), _NOTICE_SECONDS)


def take_notice(request: Request, response: Response) -> None:
    """Delete the notice after it was shown."""
    if _COOKIE in request.cookies:
        set_cookie(request, response, _COOKIE, "", 0)


def saved_notice(language: Language, name: str) -> Notice:
    """The notice after a form was saved."""
    return Notice(language.gettext("“%(name)s” is saved.") % {"name": name})


def switched_notice(language: Language, name: str, *, on: bool) -> Notice:
    """The notice after a promotion was switched on or off."""
    _ = language.gettext
    text = _("“%(name)s” is switched on.") if on else _("“%(name)s” is switched off.")
    return Notice(text % {"name": name})


def deleted_notice(language: Language, name: str, page: str) -> Notice:
    """The notice after a promotion was deleted; `page` is its page, below which it is restored."""
    return Notice(language.gettext("“%(name)s” is deleted.") % {"name": name}, f"{page}/restore")
