"""Pages: an address, the function that answers it, and the right it needs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from enum import Enum, auto
from typing import Final, TypeAlias, TypeVar

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sconto.domain.people import Action, Caller
from sconto.domain.problems import AccessDenied, BodyTooLarge
from sconto.operations.kept_forms import KEPT_FOR, KeptFile, KeptForm, keep_form
from sconto.portal import csrf, forms
from sconto.portal.form_owners import KNOWN_COOKIE, is_known, is_owner, owner_of
from sconto.portal.forms import open_form
from sconto.portal.notices import Notice
from sconto.portal.session import set_cookie
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

_MAX_FIELDS: Final = 1000


KEPT_PATH: Final = "/kept"
"""The address of a form that was kept while its user signed in."""

KEPT_COOKIE: Final = "sconto_kept"
"""The cookie with the key of the kept form."""


class Audience(Enum):
    """Who may open a page that needs no right."""

    EVERYBODY = auto()
    SIGNED_IN = auto()
    SETTING_UP = auto()
    """Who is signed in, also without a second factor that the merchant requires."""


class FormRoute(Route):
    """The address of a form; `again` shows it as it was typed, None if it cannot be shown."""

    again: PageFunction | None = None
    needs: Action | Audience = Audience.SIGNED_IN

    def is_open_to(self, caller: Caller) -> bool:
        """Whether the caller may send the form."""
        return not isinstance(self.needs, Action) or caller.may(self.needs)


_R = TypeVar("_R", bound=Route)


class FormTokenWrong(Exception):
    """The form was not made for this browser, or its session has ended."""


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

    return _route(path, endpoint, "GET", Route)


def write(
    path: str,
    page: PageFunction,
    needs: Action | Audience,
    *,
    limit: int = FORM_LIMIT,
    files: int = 0,
    again: PageFunction | None = None,
) -> "FormRoute":
    """A form that changes something, or is too long for an address.

    `limit` is in bytes; `files` is the number of files it takes. The session and the right are
    checked before the form is read. `again` shows the form as it was typed: with it, a form that is
    sent after its session has ended is kept. Raises AccessDenied, BodyEncoded, BodyTooLarge,
    TooManyLargeRequests and FormTokenWrong before the function is called.
    """

    async def endpoint(request: Request) -> Response:
        visit = await open_visit(request)
        if _must_sign_in(visit, needs):
            return await _sign_in_first(visit, files, keeps=again is not None)
        if _must_set_up(visit, needs):
            return visit.redirect(SET_UP)
        _require(visit, needs)
        secret = visit.session.secret if visit.session else csrf.visitor_of(request)
        if not secret or csrf.is_from_elsewhere(request):
            raise FormTokenWrong
        async with (
            _turn_of(visit, limit),
            open_form(request, limit, max_fields=_MAX_FIELDS, max_files=files) as form,
        ):
            if not csrf.is_token_for(secret, form.get(csrf.FIELD)):
                owner = owner_of(visit.context.tokens, form, visit.now)
                if visit.session is None or owner is None:
                    raise FormTokenWrong
                if not is_owner(visit.caller, owner):
                    if again is None or forms.announced_size(request, limit) > forms.TYPED_LIMIT:
                        raise FormTokenWrong
                    return await _keep(visit, owner, form)
            return await page(replace(visit, form=form))

    route = _route(path, endpoint, "POST", FormRoute)
    route.again, route.needs = again, needs
    return route


async def _sign_in_first(visit: Visit, files: int, *, keeps: bool) -> Response:
    """Redirect to the sign-in; a form that can be shown again is kept until then."""
    request = visit.request
    if "hx-request" in request.headers:
        # Leaving the page would lose the typed text.
        return Response(status_code=401)
    # Nothing is read from a stranger.
    known = is_known(visit.context.tokens, request.cookies.get(KNOWN_COOKIE, ""), visit.now)
    if not keeps or not known or csrf.is_from_elsewhere(request):
        return visit.redirect("/sign-in")
    limit = forms.TYPED_LIMIT
    try:
        async with open_form(request, limit, max_fields=_MAX_FIELDS, max_files=files) as form:
            owner = owner_of(visit.context.tokens, form, visit.now)
            if owner is None:
                return visit.redirect("/sign-in")
            return await _keep(visit, owner, form)
    except BodyTooLarge:
        return visit.render(
            "error.html",
            status=401,
            title=visit.gettext("Your session has ended"),
            text=visit.gettext(
                "Nothing is lost: sign in in another tab, go back to the form, and save it again."
            ),
        )


async def _keep(visit: Visit, owner: Caller, form: FormData) -> Response:
    """Keep the form for its user, and redirect to the sign-in and from there back to the form."""
    fields: list[tuple[str, str | KeptFile]] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.size and value.size <= forms.TYPED_LIMIT:
                fields.append((name, KeptFile(value.filename or "", await value.read())))
        elif name not in (csrf.FIELD, csrf.OWNER) and "password" not in name:
            fields.append((name, value))
    path = visit.request.url.path.removeprefix(visit.request.scope["root_path"])
    key = await keep_form(visit.context.database, owner, KeptForm(path, fields), visit.now)
    if visit.session is None:
        text = visit.gettext(
            "Your session has ended. Sign in, and you come back to what you typed."
        )
        response = visit.redirect("/sign-in", Notice(text), next=KEPT_PATH)
    else:
        response = visit.redirect(KEPT_PATH)
    set_cookie(visit.request, response, KEPT_COOKIE, key, KEPT_FOR.total_seconds())
    return response


@asynccontextmanager
async def _turn_of(visit: Visit, limit: int) -> AsyncIterator[None]:
    """Wait for a turn of the caller's merchant if the form may be large."""
    if visit.session is None or forms.announced_size(visit.request, limit) <= forms.TYPED_LIMIT:
        yield
        return
    async with visit.context.turns.of(visit.caller.merchant_id):
        yield


def _route(
    path: str,
    endpoint: Callable[[Request], Awaitable[Response]],
    method: str,
    kind: type[_R],
) -> _R:
    async def labelled(request: Request) -> Response:
        # The log and the metrics name the template of the whole address.
        request.scope["route"] = shown
        return await endpoint(request)

    shown = Route(f"{ADDRESS}{path}", endpoint)
    return kind(path, labelled, methods=[method])


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
