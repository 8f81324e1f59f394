"""Pages: an address, the function that answers it, and who may ask."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from enum import Enum, auto
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sconto.domain.people import Action
from sconto.domain.problems import AccessDenied
from sconto.portal import csrf, forms
from sconto.portal.forms import open_form
from sconto.portal.visit import Visit, visit_of

PageFunction: TypeAlias = Callable[[Visit], Awaitable[Response]]

ADDRESS: Final = "/portal"
"""Where the portal stands."""

FORM_LIMIT: Final = 64 * 1024
"""Bytes of a form in which only a few fields are typed, and of each that is not multipart."""

LONG_FORM_LIMIT: Final = 1024 * 1024
"""Bytes of a form with long texts and lists."""

UPLOAD_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of a form with files of products and codes."""

_MOST_FIELDS: Final = 1000


class Audience(Enum):
    """For whom a page is that needs no right."""

    EVERYBODY = auto()
    SIGNED_IN = auto()


class FormTokenWrong(Exception):
    """A form that we did not make for this browser, or made for a session that is over."""


def read(path: str, page: PageFunction, needs: Action | Audience) -> Route:
    """A page that shows something. Whoever is not signed in is asked to, and comes back."""

    async def endpoint(request: Request) -> Response:
        visit = visit_of(request)
        if _must_sign_in(visit, needs):
            here = request.url.path.removeprefix(request.scope["root_path"])
            return visit.redirect("/sign-in", next=_with_query(here, request.url.query))
        _require(visit, needs)
        return await page(visit)

    return _route(path, endpoint, "GET")


def write(
    path: str,
    page: PageFunction,
    needs: Action | Audience,
    *,
    limit: int = FORM_LIMIT,
    files: int = 0,
) -> Route:
    """A form that changes something, or needs more room than an address.

    `limit` is in bytes, `files` how many of them it takes. Who sends it is known, and may, before
    anything of it is read. Raises AccessDenied, BodyEncoded, BodyTooLarge, TooManyLargeRequests and
    FormTokenWrong before the function is called.
    """

    async def endpoint(request: Request) -> Response:
        visit = visit_of(request)
        if _must_sign_in(visit, needs):
            return visit.redirect("/sign-in")
        _require(visit, needs)
        secret = visit.session.secret if visit.session else csrf.visitor_of(request)
        if not secret or csrf.is_from_elsewhere(request):
            raise FormTokenWrong
        async with (
            _turn_of(visit, limit),
            open_form(request, limit, max_fields=_MOST_FIELDS, max_files=files) as form,
        ):
            if not csrf.is_token_for(secret, form.get(csrf.FIELD)):
                raise FormTokenWrong
            return await page(replace(visit, form=form))

    return _route(path, endpoint, "POST")


@asynccontextmanager
async def _turn_of(visit: Visit, limit: int) -> AsyncIterator[None]:
    """A turn of the caller's merchant for what may be large."""
    if visit.session is None or forms.announced_size(visit.request, limit) <= forms.TYPED_LIMIT:
        yield
        return
    async with visit.context.turns.of(visit.caller.merchant_id):
        yield


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
