"""Signing in and out."""

from typing import Final

from starlette.responses import Response

from sconto.domain.problems import BadCredentials, TooManyAttempts
from sconto.operations import people, users
from sconto.operations.tokens import Purpose
from sconto.portal.navigation import home_of
from sconto.portal.notices import Notice
from sconto.portal.pages import Audience, read, write
from sconto.portal.roles import ROLES
from sconto.portal.session import close_session, open_session
from sconto.portal.visit import Visit


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
    """Open a session, or say why not; throttled like the API."""
    username, password = visit.field("username"), visit.form.get("password")
    _ = visit.gettext
    try:
        token = await people.sign_in(
            visit.context.database,
            visit.context.tokens,
            username,
            password if isinstance(password, str) else "",
            "" if visit.request.client is None else visit.request.client.host,
            visit.now,
            holder=None if visit.session is None else visit.session.caller,
            purpose=Purpose.SESSION,
        )
    except BadCredentials:
        return _refuse(visit, 401, _("No user has this name and password."))
    except TooManyAttempts as problem:
        minutes = -(-problem.retry_after // 60)
        fault = _("Too many attempts failed. Try again in %(minutes)s min.") % {"minutes": minutes}
        response = _refuse(visit, 429, fault)
        response.headers["Retry-After"] = str(problem.retry_after)
        return response
    response = visit.redirect(path_within(visit.field("next")))
    open_session(visit.request, response, username, token)
    return response


async def sign_out(visit: Visit) -> Response:
    """End the session, also for copies of its cookie."""
    if visit.session is not None:
        await people.end_session(
            visit.context.database, visit.context.tokens, visit.session.token, visit.now
        )
    response = visit.redirect("/sign-in", Notice(visit.gettext("You are signed out.")))
    close_session(visit.request, response)
    return response


async def show_own(visit: Visit) -> Response:
    """The user's own page, with a button that ends all their sessions."""
    user = await users.get_user(visit.context.database, visit.caller, visit.caller.user_id)
    return visit.render("own.html", user=user, roles=ROLES)


async def sign_out_everywhere(visit: Visit) -> Response:
    """End all sessions and tokens of the user."""
    context, caller = visit.context, visit.caller
    await users.sign_out_everywhere(context.database, context.tokens, caller, caller.user_id)
    response = visit.redirect("/sign-in", Notice(visit.gettext("You are signed out everywhere.")))
    close_session(visit.request, response)
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


def path_within(path: str) -> str:
    """The next page: always one of the portal, whatever the address says."""
    return path if path.startswith("/") else "/"


PAGES: Final = (
    read("/", show_home, Audience.SIGNED_IN),
    read("/sign-in", show_form, Audience.EVERYBODY),
    write("/sign-in", sign_in, Audience.EVERYBODY),
    write("/sign-out", sign_out, Audience.SIGNED_IN),
    read("/own", show_own, Audience.SIGNED_IN),
    write("/own/sign-out", sign_out_everywhere, Audience.SIGNED_IN),
)
