"""Notices: what the next page tells once, such as that a change was made."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.portal.session import set_cookie

_COOKIE: Final = "sconto_notice"
_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence; `undo` is the address within the portal that takes the change back."""

    text: str
    undo: str | None = None


def notice_of(request: Request) -> Notice | None:
    """The notice that the last page left for this one."""
    cookie = request.cookies.get(_COOKIE)
    if not cookie:
        return None
    try:
        text, undo = json.loads(base64.urlsafe_b64decode(cookie))
    except (binascii.Error, ValueError, TypeError):
        return None
    is_path = isinstance(undo, str) and undo.startswith("/")
    return Notice(str(text), undo if is_path else None)


def leave_notice(request: Request, response: Response, notice: Notice) -> None:
    """Leave the notice for the next page."""
    text = json.dumps([notice.text, notice.undo]).encode()
    set_cookie(request, response, _COOKIE, base64.urlsafe_b64encode(text).decode(), _SECONDS)


def take_notice(request: Request, response: Response) -> None:
    """Forget the notice once it was shown."""
    if _COOKIE in request.cookies:
        set_cookie(request, response, _COOKIE, "", 0)
