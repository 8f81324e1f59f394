"""The routes of users: listing, inviting, and links that set a password."""

from contextlib import suppress
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.bodies import SMALL, read_object
from sconto.api.context import context_of
from sconto.api.ids import id_in_path
from sconto.api.json_answer import answer
from sconto.api.people import users_wire as wire
from sconto.api.people.letters import send_link
from sconto.api.plain_route import PlainRoute
from sconto.domain.password_links import PasswordLink
from sconto.domain.people import Action
from sconto.domain.people_problems import TwoFactorIsOff
from sconto.operations import password_links, two_factor, users


async def list_users(request: Request) -> Response:
    """By ascending id. `invited`: the user has not set a password yet."""
    caller = require(request, Action.MANAGE_PEOPLE)
    limit, after = wire.read_page(request.query_params.multi_items())
    database = context_of(request).database
    page = await users.list_users(database, caller, limit=limit, after=after)
    return answer(wire.render_page(page))


async def invite_user(request: Request) -> Response:
    """Creates a user without a password. `link` is where they set one, once, within seven days.

    Pass the link on. If a mail server is set and `email` is given, Sconto sends it too.
    """
    caller = require(request, Action.MANAGE_PEOPLE)
    new = wire.read_invitation(await read_object(request, SMALL))
    context = context_of(request)
    link = await password_links.invite_user(context.database, caller, new, context.now())
    return await _answer_link(request, link)


async def reset_password(request: Request) -> Response:
    """The password stays until the user sets another one at `link`, once, within a day.

    An earlier link of the user no longer works. A user who was invited and has no password yet is
    invited again, for seven days.
    """
    caller = require(request, Action.MANAGE_PEOPLE)
    user_id = id_in_path(request, "user_id")
    context = context_of(request)
    link = await password_links.reset_password(context.database, caller, user_id, context.now())
    return await _answer_link(request, link)


async def sign_out(request: Request) -> Response:
    """Ends all sessions and tokens of the user, and an open link that sets their password.

    In this process immediately, elsewhere within 10 seconds.
    """
    caller = require(request, Action.MANAGE_PEOPLE)
    context = context_of(request)
    await users.sign_out_everywhere(
        context.database, context.tokens, caller, id_in_path(request, "user_id")
    )
    return Response(status_code=204)


async def reset_two_factor(request: Request) -> Response:
    """For a user who lost phone and recovery codes: the password alone lets them in again.

    Their sessions and tokens end. First make sure that it is really the user who asks. Nothing
    changes if they have no two-factor sign-in.
    """
    caller = require(request, Action.MANAGE_PEOPLE)
    context = context_of(request)
    with suppress(TwoFactorIsOff):
        await two_factor.reset(
            context.database, context.tokens, caller, id_in_path(request, "user_id")
        )
    return Response(status_code=204)


async def _answer_link(request: Request, link: PasswordLink) -> Response:
    context = context_of(request)
    address = f"{context.public_url or str(request.base_url).rstrip('/')}{link.path}"
    is_sent = await send_link(context.mail, link, address)
    return answer(wire.render_link(link, address, is_sent=is_sent), 201)


ROUTES: Final = (
    PlainRoute("/people/v1/users", list_users, methods=["GET"]),
    PlainRoute("/people/v1/invitations", invite_user, methods=["POST"]),
    PlainRoute("/people/v1/users/{user_id}/password-link", reset_password, methods=["POST"]),
    PlainRoute("/people/v1/users/{user_id}/sessions", sign_out, methods=["DELETE"]),
    PlainRoute("/people/v1/users/{user_id}/two-factor", reset_two_factor, methods=["DELETE"]),
)
