"""Pages: an address, the function that answers it, and who may ask."""

from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive

from sconto.domain.people import Action
from sconto.domain.problems import AccessDenied, BodyTooLarge
from sconto.portal import csrf
from sconto.portal.visit import Visit, visit_of

Answer: TypeAlias = Callable[[Visit], Awaitable[Response]]

ADDRESS: Final = "/portal"
"""Where the portal stands."""

FORM_LIMIT: Final = 16 * 1024 * 1024
"""Bytes that a form may have, with the files that it sends."""

_MOST_FIELDS: Final = 5000


class Audience(Enum):
    """For whom a page is that needs no right."""

    EVERYBODY = auto()
    SIGNED_IN = auto()


class FormTokenWrong(Exception):
    """A form that we did not make for this browser, or made for a session that is over."""


def read(path: str, answer: Answer, needs: Action | Audience) -> Route:
    """A page that shows something. Whoever is not signed in is asked to, and comes back."""

    async def endpoint(request: Request) -> Response:
        visit = visit_of(request)
        if _must_sign_in(visit, needs):
            here = request.url.path.removeprefix(request.scope["root_path"])
            return visit.redirect("/sign-in", next=_with_query(here, request.url.query))
        _require(visit, needs)
        return await answer(visit)

    return _route(path, endpoint, "GET")


def write(path: str, answer: Answer, needs: Action | Audience, *, limit: int = FORM_LIMIT) -> Route:
    """A form that changes something, or needs more room than an address; `limit` in bytes.

    Raises FormTokenWrong, AccessDenied and BodyTooLarge before the function is called.
    """

    async def endpoint(request: Request) -> Response:
        limited = Request(request.scope, _limited(request.receive, limit))
        async with limited.form(max_fields=_MOST_FIELDS, max_part_size=limit) as form:
            visit = visit_of(limited, form)
            secret = visit.session.secret if visit.session else csrf.visitor_of(request)
            if _must_sign_in(visit, needs):
                return visit.redirect("/sign-in")
            if not csrf.is_token_for(secret, form.get(csrf.FIELD)):
                raise FormTokenWrong
            _require(visit, needs)
            return await answer(visit)

    return _route(path, endpoint, "POST")


def _route(path: str, endpoint: Callable[[Request], Awaitable[Response]], method: str) -> Route:
    async def labelled(request: Request) -> Response:
        # For the log and the figures, which name the template of the whole address.
        request.scope["route"] = shown
        return await endpoint(request)

    shown = Route(f"{ADDRESS}{path}", endpoint)
    return Route(path, labelled, methods=[method])


def _must_sign_in(visit: Visit, needs: Action | Audience) -> bool:
    return visit.session is None and needs is not Audience.EVERYBODY


def _require(visit: Visit, needs: Action | Audience) -> None:
    if isinstance(needs, Action) and not visit.caller.may(needs):
        raise AccessDenied(needs)


def _with_query(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _limited(receive: Receive, limit: int) -> Receive:
    """The same body, as far as it may go."""
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise BodyTooLarge(limit)
        return message

    return receive_some
