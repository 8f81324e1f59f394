"""Signing in, in one step or in two, and out."""

from typing import Final

from starlette.responses import Response

from sconto.domain.people_problems import SignInTooOld, WrongCode
from sconto.domain.problems import BadCredentials, TooManyAttempts
from sconto.domain.two_factor import SECOND_STEP_LIFETIME
from sconto.operations import portal_sign_in
from sconto.operations.portal_sign_in import CodeNeeded, OpenedSession
from sconto.operations.sessions import end_session
from sconto.operations.sign_in import SignIn
from sconto.portal.navigation import home_of
from sconto.portal.notices import Notice
from sconto.portal.pages import Audience, read, write
from sconto.portal.session import close_session, open_session, set_cookie
from sconto.portal.visit import Visit

HALF_COOKIE: Final = "sconto_second_step"
"""The cookie between the password and the code."""


async def show_home(visit: Visit) -> Response:
    """Go to the first page that the caller may open."""
    home = home_of(visit.caller)
    return visit.render("empty.html") if home is None else visit.redirect(home)


async def show_form(visit: Visit) -> Response:
    """The form; a signed-in user goes on to the next page."""
    if visit.session is not None:
        return visit.redirect(path_within(visit.query("next")))
    return visit.render(
        "sign_in.html",
        username="",
        next=visit.query("next"),
        fault=None,
        provider=visit.context.sign_in_provider,
    )


async def sign_in(visit: Visit) -> Response:
    """Open a session, ask for a code, or say why not; throttled like the API."""
    username, password = visit.field("username"), visit.form.get("password")
    origin = visit.origin
    asked = SignIn(
        username,
        password if isinstance(password, str) else "",
        origin.address,
        None if visit.session is None else visit.session.caller,
        origin.user_agent,
        asks_for_code=True,
    )
    context = visit.context
    try:
        found = await portal_sign_in.sign_in(context.database, context.tokens, asked, visit.now)
    except BadCredentials:
        return _refuse(visit, 401, visit.gettext("No user has this name and password."))
    except TooManyAttempts as problem:
        response = _refuse(visit, 429, too_many(visit, problem))
        response.headers["Retry-After"] = str(problem.retry_after)
        return response
    if isinstance(found, CodeNeeded):
        response = visit.redirect("/sign-in/code", next=path_within(visit.field("next")))
        seconds = SECOND_STEP_LIFETIME.total_seconds()
        set_cookie(visit.request, response, HALF_COOKIE, found.half, seconds)
        return response
    return _let_in(visit, found)


async def show_code_form(visit: Visit) -> Response:
    """The form for the code; without a recent right password, the first form."""
    if visit.session is not None:
        return visit.redirect(path_within(visit.query("next")))
    half = visit.request.cookies.get(HALF_COOKIE, "")
    username = portal_sign_in.username_of(visit.context.tokens, half, visit.now)
    if username is None:
        return visit.redirect("/sign-in", next=visit.query("next"))
    return visit.render(
        "sign_in_code.html", username=username, next=visit.query("next"), fault=None
    )


async def enter_code(visit: Visit) -> Response:
    """Open a session if the code is right, or say why not."""
    context, half = visit.context, visit.request.cookies.get(HALF_COOKIE, "")
    try:
        found = await portal_sign_in.enter_code(
            context.database, context.tokens, half, visit.field("code"), visit.origin, visit.now
        )
    except SignInTooOld:
        text = visit.gettext("The sign-in took too long. Try again.")
        response = visit.redirect("/sign-in", Notice(text), next=visit.field("next"))
        return _forget_half(visit, response)
    except WrongCode:
        return _refuse_code(visit, 401, wrong_code(visit))
    except TooManyAttempts as problem:
        response = _refuse_code(visit, 429, too_many(visit, problem))
        response.headers["Retry-After"] = str(problem.retry_after)
        return response
    return _forget_half(visit, _let_in(visit, found))


async def sign_out(visit: Visit) -> Response:
    """End the session, also for copies of its cookie."""
    if visit.session is not None:
        await end_session(
            visit.context.database, visit.context.tokens, visit.session.token, visit.now
        )
    response = visit.redirect("/sign-in", Notice(visit.gettext("You are signed out.")))
    close_session(visit.request, response)
    return response


def too_many(visit: Visit, problem: TooManyAttempts) -> str:
    """The sentence after too many failures."""
    minutes = -(-problem.retry_after // 60)
    text = visit.gettext("Too many attempts failed. Try again in %(minutes)s min.")
    return text % {"minutes": minutes}


def wrong_code(visit: Visit) -> str:
    """The sentence for a code that is refused."""
    return visit.gettext("This code is wrong, too old, or was used. Wait for the next one.")


def path_within(path: str) -> str:
    """The next page: always one of the portal, whatever the address says."""
    return path if path.startswith("/") else "/"


def _let_in(visit: Visit, found: OpenedSession) -> Response:
    response = visit.redirect(path_within(visit.field("next")))
    open_session(visit.request, response, found.username, found.token)
    return response


def _forget_half(visit: Visit, response: Response) -> Response:
    set_cookie(visit.request, response, HALF_COOKIE, "", 0)
    return response


def _refuse(visit: Visit, status: int, fault: str) -> Response:
    return visit.render(
        "sign_in.html",
        status=status,
        username=visit.field("username"),
        next=visit.field("next"),
        fault=fault,
        provider=visit.context.sign_in_provider,
    )


def _refuse_code(visit: Visit, status: int, fault: str) -> Response:
    half = visit.request.cookies.get(HALF_COOKIE, "")
    return visit.render(
        "sign_in_code.html",
        status=status,
        username=portal_sign_in.username_of(visit.context.tokens, half, visit.now) or "",
        next=visit.field("next"),
        fault=fault,
    )


PAGES: Final = (
    read("/", show_home, Audience.SIGNED_IN),
    read("/sign-in", show_form, Audience.EVERYBODY),
    write("/sign-in", sign_in, Audience.EVERYBODY),
    read("/sign-in/code", show_code_form, Audience.EVERYBODY),
    write("/sign-in/code", enter_code, Audience.EVERYBODY),
    write("/sign-out", sign_out, Audience.SETTING_UP),
)
