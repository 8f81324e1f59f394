"""Pages: an address, the function that answers it, and the right it needs."""

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
from sconto.portal.visit import Visit, open_visit

PageFunction: TypeAlias = Callable[[Visit], Awaitable[Response]]

ADDRESS: Final = "/portal"
"""The address of the portal."""

SET_UP: Final = "/account/two-factor"
"""The page where two-factor sign-in is set up."""

FORM_LIMIT: Final = 64 * 1024
"""Most bytes of a form with a few fields, and of every form that is not multipart."""

LONG_FORM_LIMIT: Final = 1024 * 1024
"""Most bytes of a form with long texts and lists."""

UPLOAD_LIMIT: Final = 16 * 1024 * 1024
"""Most bytes of a form with files of products and codes."""

_MOST_FIELDS: Final = 1000


class Audience(Enum):
    """Who may open a page that needs no right."""

    EVERYBODY = auto()
    SIGNED_IN = auto()
    SETTING_UP = auto()
    """Who is signed in, also without a second factor that the merchant requires."""


class FormTokenWrong(Exception):
    """The form was not made for this browser, or for a session that has ended."""


def read(path: str, page: PageFunction, needs: Action | Audience) -> Route:
    """A page that shows something. Without a session it asks to sign in, and then continues."""

    async def endpoint(request: Request) -> Response:
        visit = await open_visit(request)
        if _must_sign_in(visit, needs):
            here = request.url.path.removeprefix(request.scope["root_path"])
            return visit.redirect("/sign-in", next=_with_query(here, request.url.query))
        if _must_set_up(visit, needs):
            return visit.redirect(SET_UP)
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
    """A form that changes something, or is too long for an address.

    `limit` is in bytes; `files` is the number of files it takes. The session and the right are
    checked before the form is read. Raises AccessDenied, BodyEncoded, BodyTooLarge,
    TooManyLargeRequests and FormTokenWrong before the function is called.
    """

    async def endpoint(request: Request) -> Response:
        visit = await open_visit(request)
        if _must_sign_in(visit, needs):
            return visit.redirect("/sign-in")
        if _must_set_up(visit, needs):
            return visit.redirect(SET_UP)
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
    """Wait for a turn of the caller's merchant if the form may be large."""
    if visit.session is None or forms.announced_size(visit.request, limit) <= forms.TYPED_LIMIT:
        yield
        return
    async with visit.context.turns.of(visit.caller.merchant_id):
        yield


def _route(path: str, endpoint: Callable[[Request], Awaitable[Response]], method: str) -> Route:
    async def labelled(request: Request) -> Response:
        # The log and the metrics name the template of the whole address.
        request.scope["route"] = shown
        return await endpoint(request)

    shown = Route(f"{ADDRESS}{path}", endpoint)
    return Route(path, labelled, methods=[method])


def _must_sign_in(visit: Visit, needs: Action | Audience) -> bool:
    return visit.session is None and needs is not Audience.EVERYBODY


def _must_set_up(visit: Visit, needs: Action | Audience) -> bool:
    """Whether the page is closed until two-factor sign-in is set up."""
    return visit.must_set_up and needs not in (Audience.EVERYBODY, Audience.SETTING_UP)


def _require(visit: Visit, needs: Action | Audience) -> None:
    if isinstance(needs, Action) and not visit.caller.may(needs):
        raise AccessDenied(needs)


def _with_query(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path
