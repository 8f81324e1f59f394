"""Sign-in: a token of 24 hours for a username and a password."""

import secrets
from collections.abc import Iterator
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sconto.api.access import find_caller
from sconto.api.bodies import SMALL, read_object
from sconto.api.context import context_of
from sconto.api.faults import first_names
from sconto.api.merchant.errors import Fault, fault, invalid_body
from sconto.api.plain_route import PlainRoute
from sconto.operations import people

_FIELDS: Final = ("username", "password")


async def sign_in(request: Request) -> Response:
    """A token lives 24 hours, and a new one leaves older ones valid.

    If several merchants have a user of that name, send `merchant/username`.
    """
    body = await read_object(request, SMALL)
    username, password = _read_credentials(body)
    context = context_of(request)
    token = await people.sign_in(
        context.database,
        context.tokens,
        username,
        password,
        _address(request),
        context.now(),
        holder=find_caller(request.scope),
        user_agent=request.headers.get("user-agent", ""),
    )
    # The published answer has a refresh token, but no published request uses it: it is not stored.
    answer = {"token": token, "refresh_token": secrets.token_hex(64)}
    return JSONResponse(answer)


def _read_credentials(body: dict[str, object]) -> tuple[str, str]:
    """The username and the password. Raises Refused."""
    username, password = map(body.get, _FIELDS)
    if isinstance(username, str) and isinstance(password, str) and len(body) == len(_FIELDS):
        return username, password
    raise invalid_body(*_faults(body))


def _faults(body: dict[str, object]) -> Iterator[Fault]:
    for field in _FIELDS:
        if not isinstance(body.get(field), str):
            yield fault(11010, field)
    for name in first_names(name for name in body if name not in _FIELDS):
        yield fault(11010, name)


def _address(request: Request) -> str:
    """The address of the connection; a header could name any address."""
    return "" if request.client is None else request.client.host


ROUTES: Final = (PlainRoute("/v1/login_check", sign_in, methods=["POST"]),)
