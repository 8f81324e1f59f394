"""One's own two-factor sign-in: setup with a QR code, switching off, recovery codes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from markupsafe import Markup
from starlette.responses import Response

from sconto.domain.people_problems import (
    SetupTooOld,
    TwoFactorIsOff,
    TwoFactorIsOn,
    TwoFactorRequired,
    WrongCode,
)
from sconto.domain.problems import BadCredentials, TooManyAttempts
from sconto.domain.sessions import Way
from sconto.operations import two_factor
from sconto.operations.two_factor import Proof, Setup
from sconto.portal.account import stay_signed_in
from sconto.portal.notices import Notice
from sconto.portal.pages import SET_UP, Audience, read, write
from sconto.portal.session import open_session, read_session
from sconto.portal.sign_in import too_many, wrong_code
from sconto.portal.visit import Visit


async def show(visit: Visit) -> Response:
    """Whether it is on, with what can be done."""
    return await _render(visit)


async def start(visit: Visit) -> Response:
    """Show a new secret, if the password is right."""
    context, claims = visit.context, visit.own_session.claims
    try:
        setup = await two_factor.start_setup(
            context.database, context.tokens, claims, _password(visit), visit.now
        )
    except (BadCredentials, TooManyAttempts) as problem:
        return await _render(visit, {"start": _password_fault(visit, problem)})
    except TwoFactorIsOn:
        return visit.redirect(SET_UP)
    return _show_setup(visit, setup)


async def confirm(visit: Visit) -> Response:
    """Switch it on, if the code is right, and show the recovery codes once."""
    context, claims = visit.context, visit.own_session.claims
    sealed = visit.field("setup")
    try:
        codes, token = await two_factor.confirm_setup(
            context.database,
            context.tokens,
            claims,
            sealed,
            visit.field("code"),
            visit.origin,
            visit.now,
        )
    except WrongCode:
        setup = await two_factor.reopen_setup(
            context.database, context.tokens, claims, sealed, visit.now
        )
        fault = visit.gettext(
            "This is not the code that the app shows now. If it is, check the clock of your phone."
        )
        return _show_setup(visit, setup, fault)
    except SetupTooOld:
        text = visit.gettext("The setup took too long. Begin again.")
        return visit.redirect(SET_UP, Notice(text))
    except TwoFactorIsOn:
        return visit.redirect(SET_UP)
    # The forms of the page belong to the new session.
    session = read_session(visit.request, visit.own_session.username, token)
    response = _show_codes(replace(visit, session=session), codes, is_new=True)
    open_session(visit.request, response, session.username, token)
    return response


async def switch_off(visit: Visit) -> Response:
    """Switch it off, if the password and the code are right; only this session stays."""
    context, session = visit.context, visit.own_session
    try:
        token = await two_factor.switch_off(
            context.database,
            context.tokens,
            session.claims,
            _proof(visit),
            visit.origin,
            visit.now,
        )
    except (BadCredentials, TooManyAttempts, WrongCode) as problem:
        return await _render(visit, {"off": _password_fault(visit, problem)})
    except TwoFactorRequired:
        fault = visit.gettext("Your shop requires two-factor sign-in.")
        return await _render(visit, {"off": fault})
    except TwoFactorIsOff:
        return visit.redirect(SET_UP)
    return stay_signed_in(visit, token, Notice(visit.gettext("Two-factor sign-in is off.")))


async def renew_codes(visit: Visit) -> Response:
    """Show new recovery codes once, if the password and the code are right."""
    context = visit.context
    try:
        codes = await two_factor.renew_recovery_codes(
            context.database, context.tokens, visit.caller, _proof(visit), visit.now
        )
    except (BadCredentials, TooManyAttempts, WrongCode) as problem:
        return await _render(visit, {"renew": _password_fault(visit, problem)})
    except TwoFactorIsOff:
        return visit.redirect(SET_UP)
    return _show_codes(visit, codes, is_new=False)


async def _render(visit: Visit, faults: Mapping[str, str] | None = None) -> Response:
    state = await two_factor.find_state(visit.context.database, visit.caller)
    return visit.render(
        "account/two_factor.html",
        status=422 if faults else 200,
        state=state,
        is_required=visit.profile.requires_two_factor,
        must_set_up=visit.must_set_up,
        is_by_provider=visit.own_session.claims.way is Way.PROVIDER,
        faults=faults or {},
    )


def _show_setup(visit: Visit, setup: Setup, fault: str | None = None) -> Response:
    response = visit.render(
        "account/set_up.html",
        status=200 if fault is None else 422,
        setup=setup,
        secret=" ".join(setup.secret[at : at + 4] for at in range(0, len(setup.secret), 4)),
        picture=_qr_code(setup.uri),
        fault=fault,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _show_codes(visit: Visit, codes: list[str], *, is_new: bool) -> Response:
    response = visit.render("account/recovery_codes.html", codes=codes, is_new=is_new)
    response.headers["Cache-Control"] = "no-store"
    return response


def _qr_code(text: str) -> Markup:
    """The text as a picture, always black on white: cameras cannot read it otherwise."""
    # Only few users set up two-factor sign-in.
    import segno  # noqa: PLC0415

    code = segno.make(text, error="m", micro=False)
    picture: str = code.svg_inline(omitsize=True, dark="#000", light="#fff", svgclass="qr")
    return Markup(picture)  # noqa: S704 - made of squares


def _password_fault(visit: Visit, problem: BadCredentials | TooManyAttempts | WrongCode) -> str:
    if isinstance(problem, TooManyAttempts):
        return too_many(visit, problem)
    if isinstance(problem, WrongCode):
        return wrong_code(visit)
    return visit.gettext("This is not your present password.")


def _proof(visit: Visit) -> Proof:
    return Proof(_password(visit), visit.field("code"))


def _password(visit: Visit) -> str:
    """The password as it was typed: blanks are part of it."""
    value = visit.form.get("present")
    return value if isinstance(value, str) else ""


PAGES: Final = (
    read(SET_UP, show, Audience.SETTING_UP),
    write(f"{SET_UP}/start", start, Audience.SETTING_UP),
    write(f"{SET_UP}/confirm", confirm, Audience.SETTING_UP),
    write(f"{SET_UP}/off", switch_off, Audience.SETTING_UP),
    write(f"{SET_UP}/recovery-codes", renew_codes, Audience.SETTING_UP),
)
