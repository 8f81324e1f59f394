"""Signing in by an OpenID Connect provider."""

import hmac
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sconto.domain.people_problems import SignOnReason, SignOnRefused
from sconto.domain.single_sign_on import read_identity
from sconto.operations.sign_in_provider import ProviderFailed
from sconto.operations.single_sign_on import sign_on
from sconto.portal.letters import service_address
from sconto.portal.pages import ADDRESS, Audience, read
from sconto.portal.session import open_session, set_cookie
from sconto.portal.sign_in import path_within
from sconto.portal.visit import Visit
from sconto.portal.words import marked

COOKIE: Final = "sconto_sign_on"

_PATH: Final = "/sign-in/provider"

_LIFETIME: Final = timedelta(minutes=10)
"""How long somebody may take at the provider."""

_USE: Final = "single sign-on"

_LONGEST_CODE: Final = 4096

_REFUSALS: Final = {
    SignOnReason.DISABLED: marked("Your account is deactivated. An admin can reactivate it."),
    SignOnReason.NO_MERCHANT: marked("Your provider does not say for which merchant you work."),
    SignOnReason.NO_ROLE: marked("You have no role here yet. Ask an admin."),
    SignOnReason.NO_NAME: marked("Your provider does not give a name that can be used here."),
}

_log = logging.getLogger(__name__)


async def start(visit: Visit) -> Response:
    """Send the browser to the provider."""
    chosen = visit.context.sign_in_provider
    if chosen is None:
        return visit.redirect("/sign-in")
    try:
        started = await (await chosen.load()).start(_callback_of(visit))
    except ProviderFailed as error:
        return _fail(visit, error)
    facts = {
        "state": started.state,
        "nonce": started.nonce,
        "verifier": started.verifier,
        "next": visit.query("next"),
    }
    response = RedirectResponse(started.url, 303)
    sealed = visit.context.tokens.seal(_USE, facts, visit.now, _LIFETIME)
    set_cookie(visit.request, response, COOKIE, sealed, _LIFETIME.total_seconds())
    return response


async def finish(visit: Visit) -> Response:
    """Open a session for the person whom the provider sends back.

    This browser must have begun the sign-in.
    """
    chosen, facts = visit.context.sign_in_provider, _facts_of(visit)
    if chosen is None:
        return visit.redirect("/sign-in")
    # RFC 9207: an answer of another provider is not for us.
    issuer, code = visit.query("iss"), visit.query("code")
    if not 0 < len(code) <= _LONGEST_CODE or issuer not in ("", chosen.client.issuer):
        text = visit.gettext("%(provider)s did not sign you in.")
        return _refuse(visit, text % {"provider": chosen.name})
    if facts is None:
        return _refuse(visit, visit.gettext("The sign-in took too long. Try again."))
    try:
        claims = await (await chosen.load()).finish(
            _callback_of(visit), code, facts["nonce"], facts["verifier"], visit.now
        )
        identity = read_identity(chosen.rules, chosen.client.issuer, claims)
        context = visit.context
        username, token = await sign_on(
            context.database, context.tokens, identity, visit.now, origin=visit.origin
        )
    except ProviderFailed as error:
        return _fail(visit, error)
    except SignOnRefused as refused:
        return _refuse(visit, visit.gettext(_REFUSALS[refused.reason]), 403)
    response = visit.redirect(path_within(facts["next"]))
    open_session(visit.request, response, username, token)
    return _delete_cookie(visit.request, response)


def _facts_of(visit: Visit) -> Mapping[str, str] | None:
    """The facts of this browser's sign-in, if the returned state is its own."""
    sealed = visit.request.cookies.get(COOKIE, "")
    facts = visit.context.tokens.unseal(_USE, sealed, visit.now)
    if facts is None:
        return None
    sent = visit.query("state").encode()
    return facts if hmac.compare_digest(facts["state"].encode(), sent) else None


def _callback_of(visit: Visit) -> str:
    """The address to which the provider sends the browser back; the provider must know it."""
    return f"{service_address(visit)}{ADDRESS}{_PATH}/callback"


def _fail(visit: Visit, error: ProviderFailed) -> Response:
    # The reason is the name of an error of ours or of a library, never the provider's own text.
    _log.warning("single sign-on failed: %s", error)
    return _refuse(visit, visit.gettext("Your provider does not answer as it should."), 502)


def _refuse(visit: Visit, fault: str, status: int = 400) -> Response:
    response = visit.render(
        "sign_in.html",
        status=status,
        username="",
        next="",
        fault=fault,
        provider=visit.context.sign_in_provider,
    )
    return _delete_cookie(visit.request, response)


def _delete_cookie(request: Request, response: Response) -> Response:
    """A sign-in that has ended cannot be finished again."""
    set_cookie(request, response, COOKIE, "", 0)
    return response


PAGES: Final = (
    read(_PATH, start, Audience.EVERYBODY),
    read(f"{_PATH}/callback", finish, Audience.EVERYBODY),
)
