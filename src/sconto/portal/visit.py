"""A visit: one request to the portal, with all that a page needs to answer it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sconto.domain.blanks import trim
from sconto.domain.names import NAME_LENGTH
from sconto.domain.people import Caller
from sconto.domain.product import parse_product_id
from sconto.operations import DatabaseUnavailable
from sconto.portal import csrf
from sconto.portal.context import Context, context_of
from sconto.portal.language import Language, language_for
from sconto.portal.navigation import menu_for
from sconto.portal.notices import Notice, leave_notice, notice_of, take_notice
from sconto.portal.session import Session, session_of, set_cookie
from sconto.portal.templating import make_environment

_TEMPLATES: Final = make_environment()

_AS_IN_AN_ADDRESS: Final = ":/%#?=@[]!$&'()*+,;"
"""What an address may hold as it is; the same as in Starlette's RedirectResponse."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks for what, and in which language. `form` is empty but where one was posted."""

    request: Request
    context: Context
    language: Language
    session: Session | None
    visitor: str
    form: FormData

    @property
    def caller(self) -> Caller:
        """Who is signed in: on every page that is not for everybody, somebody is."""
        assert self.session is not None, "this page is for everybody"  # noqa: S101
        return self.session.caller

    @property
    def now(self) -> datetime:
        """This moment in UTC."""
        return self.context.now()

    @property
    def today(self) -> date:
        """The day that it is in the server's zone: the one that uses are counted on."""
        return self.now.astimezone(self.context.zone).date()

    @property
    def form_token(self) -> str:
        """What a form must hold when it is posted."""
        return csrf.token_for(self.visitor if self.session is None else self.session.secret)

    def gettext(self, text: str) -> str:
        """The text in the visitor's language; call it `_`, as that is how texts are found."""
        return self.language.gettext(text)

    def field(self, name: str) -> str:
        """A text of the form without blanks at its ends; empty where there is none."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def query(self, name: str) -> str:
        """A text of the address's query without what `trim` takes off; empty for none."""
        return trim(self.request.query_params.get(name, ""))

    def search(self, name: str) -> str | None:
        """A search in the address's query, cut to the length of a name; None for no search."""
        return self.query(name)[:NAME_LENGTH] or None

    def id_in_query(self, name: str) -> int | None:
        """An id in the address's query; None for what can be none."""
        return parse_product_id(self.query(name))

    def id_in_path(self, name: str) -> int:
        """An id in the address; what can be none is an address that we do not have."""
        number = parse_product_id(self.request.path_params[name])
        if number is None:
            raise HTTPException(404)
        return number

    def path(self, path: str, **query: Any) -> str:
        """The address of a page of the portal, with what is given of a query."""
        given = {name: value for name, value in query.items() if value not in (None, "")}
        return f"{self.request.scope['root_path']}{path}{'?' * bool(given)}{urlencode(given)}"

    def render(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """The page, with the notice that was left for it."""
        text = _TEMPLATES.get_template(template).render(
            visit=self,
            menu=[] if self.session is None else menu_for(self.session.caller),
            notice=notice_of(self.request),
            **values,
        )
        response = HTMLResponse(text, status, headers={"Vary": "Cookie, Accept-Language"})
        take_notice(self.request, response)
        if self.session is None and csrf.visitor_of(self.request) is None:
            set_cookie(self.request, response, csrf.VISITOR_COOKIE, self.visitor)
        return response

    def redirect(self, path: str, notice: Notice | None = None, **query: Any) -> Response:
        """Go on at another page of the portal, which shows the notice."""
        address = self.path(path, **query)
        if "hx-request" in self.request.headers:
            # A script would follow a redirect itself, and put one page into the other.
            response = Response(headers={"HX-Redirect": quote(address, safe=_AS_IN_AN_ADDRESS)})
        else:
            response = RedirectResponse(address, 303)
        if notice is not None:
            leave_notice(self.request, response, notice)
        return response


def visit_of(request: Request, form: FormData | None = None) -> Visit:
    """The visit that the request is. Raises DatabaseUnavailable where `session_of` does."""
    return _visit(request, session_of(request), form)


def visit_of_anybody(request: Request) -> Visit:
    """The visit of a page that is shown whatever happens, even if nothing is known of sessions."""
    try:
        return visit_of(request)
    except DatabaseUnavailable:
        return _visit(request, None)


def _visit(request: Request, session: Session | None, form: FormData | None = None) -> Visit:
    context = context_of(request)
    return Visit(
        request,
        context,
        language_for(request.headers.get("accept-language", ""), context.zone),
        session,
        csrf.visitor_of(request) or csrf.new_visitor(),
        FormData() if form is None else form,
    )
