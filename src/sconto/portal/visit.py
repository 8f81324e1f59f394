"""A visit: a request to the portal, with everything that a page needs."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from typing import Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sconto.domain.blanks import trim
from sconto.domain.merchant_settings import Profile
from sconto.domain.names import NAME_LENGTH
from sconto.domain.numbers import parse_id
from sconto.domain.people import Caller
from sconto.domain.sessions import Origin
from sconto.operations import DatabaseUnavailable
from sconto.portal import csrf
from sconto.portal.context import PortalContext, context_of
from sconto.portal.faults import Focus
from sconto.portal.form_owners import KNOWN_COOKIE, KNOWN_FOR, seal_known, seal_owner
from sconto.portal.language import Language, language_for
from sconto.portal.navigation import account_menu_for, menu_for
from sconto.portal.notices import Notice, leave_notice, notice_of, take_notice
from sconto.portal.session import PortalSession, session_of, set_cookie
from sconto.portal.templating import make_environment
from sconto.portal.theme import Theme, theme_of

DEFAULT_CURRENCY: Final = "EUR"
"""The currency that forms preset for a merchant who has set none."""

_NOBODY: Final = Profile("")

LIST_COOKIE: Final = "sconto_list"
"""The cookie with the query of the list of promotions as the person saw it last."""

_LIST_QUERY: Final = re.compile(r"[A-Za-z0-9=&%._~+*-]{1,2000}")

_TEMPLATES: Final = make_environment()

_UNQUOTED: Final = ":/%#?=@[]!$&'()*+,;"
"""Characters that stay unquoted in an address, as in Starlette's RedirectResponse."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, with its user and language. `form` is empty unless one was posted."""

    request: Request
    context: PortalContext
    language: Language
    session: PortalSession | None
    visitor: str
    form: FormData
    profile: Profile
    notice: Notice | None = None

    @property
    def caller(self) -> Caller:
        """The signed-in user; only pages for everybody have none."""
        return self.own_session.caller

    @property
    def own_session(self) -> PortalSession:
        """The session of the signed-in user; only pages for everybody have none."""
        assert self.session is not None, "this page is for everybody"  # noqa: S101
        return self.session

    @property
    def now(self) -> datetime:
        """The current time in UTC."""
        return self.context.now()

    @property
    def today(self) -> date:
        """The current day in the server's zone, in which uses are counted."""
        return self.now.astimezone(self.server_zone).date()

    @property
    def origin(self) -> Origin:
        """Where the request comes from: the address of the connection, and the browser."""
        client = self.request.client
        return Origin(
            "" if client is None else client.host, self.request.headers.get("user-agent", "")
        )

    @property
    def must_set_up(self) -> bool:
        """Whether the merchant requires a second factor that the session does not have."""
        session = self.session
        return (
            session is not None
            and self.profile.requires_two_factor
            and not session.claims.way.is_strong
        )

    @property
    def server_zone(self) -> ZoneInfo:
        """The server's time zone, whatever the merchant's is."""
        return context_of(self.request).zone

    @property
    def currency(self) -> str:
        """The currency that forms preset."""
        return self.profile.currency or DEFAULT_CURRENCY

    @property
    def promotion_list(self) -> str:
        """The list of promotions as the person saw it last, with its filters and its page."""
        query = self.request.cookies.get(LIST_COOKIE, "")
        return f"/promotions?{query}" if _LIST_QUERY.fullmatch(query) else "/promotions"

    @property
    def manual(self) -> str:
        """The address of the manual, which is outside the portal."""
        return self.outside("/manual/")

    @property
    def theme(self) -> Theme:
        """The theme that was chosen in this browser."""
        return theme_of(self.request)

    @property
    def page(self) -> str:
        """The path of the page within the portal: `/promotions/7`."""
        return self.request.url.path.removeprefix(self.request.scope["root_path"])

    def outside(self, path: str) -> str:
        """An address of Sconto outside the portal, such as `/docs`."""
        return f"{self.request.scope.get('app_root_path', '')}{path}"

    @property
    def form_token(self) -> str:
        """The token of posted forms."""
        return csrf.token_for(self.visitor if self.session is None else self.session.secret)

    @property
    def form_owner(self) -> str:
        """The sealed user for whom a form is made; a different text each time."""
        return seal_owner(self.context.tokens, self.caller, self.now)

    def gettext(self, text: str) -> str:
        """The text in the user's language. Call it as `_`: `pybabel extract` finds that name."""
        return self.language.gettext(text)

    def field(self, name: str) -> str:
        """A field of the form, without blanks at its ends; empty if it is missing."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def rows(self, *names: str) -> list[tuple[str, ...]]:
        """Fields that the form has many times, side by side, each without blanks at its ends."""
        columns = (
            [text.strip() if isinstance(text, str) else "" for text in self.form.getlist(name)]
            for name in names
        )
        return list(zip_longest(*columns, fillvalue=""))

    def query(self, name: str) -> str:
        """A value of the query, trimmed; empty if it is missing."""
        return trim(self.request.query_params.get(name, ""))

    def search(self, name: str) -> str | None:
        """A search in the query, cut to the length of a name; None if it is empty."""
        return self.query(name)[:NAME_LENGTH] or None

    def id_in_query(self, name: str) -> int | None:
        """An id in the query; None if it is missing or not valid."""
        return parse_id(self.query(name))

    def id_in_path(self, name: str) -> int:
        """An id in the path. Raises HTTPException 404 if the text is not an id."""
        number = parse_id(self.request.path_params[name])
        if number is None:
            raise HTTPException(404)
        return number

    def path(self, path: str, **query: Any) -> str:
        """The address of a page of the portal; empty values of the query are left out."""
        given = {name: value for name, value in query.items() if value not in (None, "")}
        return f"{self.request.scope['root_path']}{path}{'?' * bool(given)}{urlencode(given)}"

    def render(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Render a page, with the notice of the last request."""
        text = _TEMPLATES.get_template(template).render(
            visit=self,
            menu=[] if self.session is None else menu_for(self.session.caller),
            account_menu=[] if self.session is None else account_menu_for(self.session.caller),
            notice=self.notice or notice_of(self.request),
            focus=Focus(),
            **values,
        )
        response = HTMLResponse(text, status, headers={"Vary": "Cookie, Accept-Language"})
        take_notice(self.request, response)
        if self.session is not None and KNOWN_COOKIE not in self.request.cookies:
            known = seal_known(self.context.tokens, self.now)
            set_cookie(self.request, response, KNOWN_COOKIE, known, KNOWN_FOR.total_seconds())
        if self.session is None and csrf.visitor_of(self.request) is None:
            set_cookie(self.request, response, csrf.VISITOR_COOKIE, self.visitor)
        return response

    def redirect(self, path: str, notice: Notice | None = None, **query: Any) -> Response:
        """Redirect to a page of the portal, which shows the notice."""
        address = self.path(path, **query)
        if "hx-request" in self.request.headers:
            # htmx would follow a redirect, and put the new page into the old one.
            response = Response(headers={"HX-Redirect": quote(address, safe=_UNQUOTED)})
        else:
            response = RedirectResponse(address, 303)
        if notice is not None:
            leave_notice(self.request, response, notice)
        return response


async def open_visit(request: Request) -> Visit:
    """The visit of a request, in the language and time zone of who is signed in.

    Raises DatabaseUnavailable like `session_of`, and if the profile is not known yet.
    """
    session = session_of(request)
    if session is None:
        return _visit(request, None, _NOBODY)
    context = context_of(request)
    profile = await context.profiles.load(context.database, session.caller)
    return _visit(request, session, profile)


def visit_of_anybody(request: Request) -> Visit:
    """The visit of a page that is always shown, even if sessions cannot be read."""
    try:
        session = session_of(request)
    except DatabaseUnavailable:
        session = None
    profile = _NOBODY if session is None else context_of(request).profiles.of(session.caller)
    return _visit(request, session, profile)


def _visit(request: Request, session: PortalSession | None, profile: Profile) -> Visit:
    context = context_of(request)
    if profile.time_zone is not None:
        context = context.in_zone(ZoneInfo(profile.time_zone))
    return Visit(
        request,
        context,
        language_for(request.headers.get("accept-language", ""), context.zone, profile.language),
        session,
        csrf.visitor_of(request) or csrf.new_visitor(),
        FormData(),
        profile,
    )
