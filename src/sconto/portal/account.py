"""One's own account: the password, sessions and the language."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from sconto.domain.people import PASSWORD_LENGTH, is_acceptable_password
from sconto.domain.problems import BadCredentials, TooManyAttempts
from sconto.domain.sessions import Session, Way
from sconto.operations import sessions, two_factor, users
from sconto.operations.passwords import PASSWORDS
from sconto.operations.profiles import set_language
from sconto.operations.sign_in import check_own_password
from sconto.operations.users import UserEdit
from sconto.portal.language import LANGUAGES
from sconto.portal.notices import Notice
from sconto.portal.pages import Audience, read, write
from sconto.portal.people import password_rule
from sconto.portal.roles import ROLES
from sconto.portal.session import close_session, open_session
from sconto.portal.sign_in import too_many
from sconto.portal.visit import Visit
from sconto.portal.words import marked

WAYS: Final = {
    Way.PASSWORD: marked("Password"),
    Way.TWO_FACTOR: marked("Password and code"),
    Way.PROVIDER: marked("Your provider"),
}


async def show(visit: Visit) -> Response:
    """The account, with the sessions."""
    return await _render(visit)


async def show_old_address(visit: Visit) -> Response:
    """Go to the page's present address."""
    return visit.redirect("/account")


async def change_password(visit: Visit) -> Response:
    """Set another password, if the present one is right; only this session stays."""
    present, new = _typed(visit, "present"), _typed(visit, "password")
    _ = visit.gettext
    if not is_acceptable_password(new):
        return await _render(visit, {"password": password_rule(visit)})
    context, session = visit.context, visit.own_session
    try:
        await check_own_password(context.database, visit.caller, present, visit.now)
    except BadCredentials:
        return await _render(visit, {"present": _("This is not your present password.")})
    except TooManyAttempts as problem:
        response = await _render(visit, {"present": too_many(visit, problem)}, status=429)
        response.headers["Retry-After"] = str(problem.retry_after)
        return response
    edit = UserEdit(password_hash=await PASSWORDS.hash(new))
    token = await sessions.edit_and_stay(
        context.database, context.tokens, session.claims, edit, visit.origin, visit.now
    )
    text = _("You have a new password. All your other sessions have ended.")
    return stay_signed_in(visit, token, Notice(text))


async def choose_language(visit: Visit) -> Response:
    """Store the chosen language, or none."""
    chosen = visit.field("language")
    language = chosen if chosen in LANGUAGES else None
    await set_language(visit.context.database, visit.caller, language)
    visit.context.profiles.invalidate()
    return visit.redirect("/account")


async def end_session(visit: Visit) -> Response:
    """End one of one's own sessions."""
    context, token_id = visit.context, visit.field("session")
    if token_id == visit.own_session.claims.token_id:
        return visit.redirect("/account")
    is_ended = await sessions.end_session_of(
        context.database, context.tokens, visit.caller, token_id, visit.now
    )
    _ = visit.gettext
    text = _("The session is ended.") if is_ended else _("The session had ended before.")
    return visit.redirect("/account", Notice(text))


async def end_other_sessions(visit: Visit) -> Response:
    """End all sessions and tokens but this session."""
    context = visit.context
    token = await sessions.edit_and_stay(
        context.database,
        context.tokens,
        visit.own_session.claims,
        UserEdit(),
        visit.origin,
        visit.now,
    )
    text = visit.gettext("All your other sessions have ended.")
    return stay_signed_in(visit, token, Notice(text))


async def sign_out_everywhere(visit: Visit) -> Response:
    """End all sessions and tokens, this session too."""
    context, caller = visit.context, visit.caller
    await users.sign_out_everywhere(context.database, context.tokens, caller, caller.user_id)
    response = visit.redirect("/sign-in", Notice(visit.gettext("You are signed out everywhere.")))
    close_session(visit.request, response)
    return response


def stay_signed_in(visit: Visit, token: str, notice: Notice) -> Response:
    """Go to the account with a new session, after all others have ended."""
    response = visit.redirect("/account", notice)
    open_session(visit.request, response, visit.own_session.username, token)
    return response


async def _render(
    visit: Visit, faults: Mapping[str, str] | None = None, *, status: int = 422
) -> Response:
    database, caller = visit.context.database, visit.caller
    user = await users.get_user(database, caller, caller.user_id)
    own = visit.own_session.claims
    listed = await sessions.list_sessions(database, caller, visit.now)
    return visit.render(
        "account/show.html",
        status=status if faults else 200,
        user=user,
        roles=ROLES,
        own=own,
        is_by_provider=own.way is Way.PROVIDER,
        sessions=[(one, _where(visit, one)) for one in listed],
        ways=WAYS,
        two_factor=await two_factor.find_state(database, caller),
        languages=LANGUAGES,
        shortest=PASSWORD_LENGTH,
        faults=faults or {},
    )


def _where(visit: Visit, session: Session) -> str:
    """The browser and the system, as far as they are known."""
    browser, system = session.origin.browser, session.origin.system
    _ = visit.gettext
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")


def _typed(visit: Visit, name: str) -> str:
    """A password as it was typed: blanks are part of it."""
    value = visit.form.get(name)
    return value if isinstance(value, str) else ""


PAGES: Final = (
    read("/account", show, Audience.SETTING_UP),
    read("/own", show_old_address, Audience.SETTING_UP),
    write("/account/password", change_password, Audience.SETTING_UP),
    write("/account/language", choose_language, Audience.SETTING_UP),
    write("/account/sessions/end", end_session, Audience.SETTING_UP),
    write("/account/sessions/end-others", end_other_sessions, Audience.SETTING_UP),
    write("/account/sign-out", sign_out_everywhere, Audience.SETTING_UP),
    # Pages of the previous version post to it.
    write("/own/sign-out", sign_out_everywhere, Audience.SETTING_UP),
)
