"""Sessions without a browser: the cookie that one has once somebody signed in."""

from starlette.requests import Request
from starlette.responses import Response

from sconto.api.clock import read_clock
from sconto.domain.people import Caller
from sconto.operations.tokens import Purpose, Tokens
from sconto.portal.session import open_session

_REQUEST = {
    "type": "http",
    "scheme": "http",
    "server": ("sconto", 80),
    "path": "/portal",
    "root_path": "/portal",
    "query_string": b"",
    "headers": [],
}


def cookie_of(caller: Caller, tokens: Tokens) -> str:
    """The cookie with which the caller's browser would come."""
    response = Response()
    token = tokens.issue(caller, read_clock(), purpose=Purpose.SESSION)
    open_session(Request(_REQUEST), response, "ada", token)
    return response.headers["set-cookie"].partition(";")[0]
