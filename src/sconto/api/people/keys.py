"""The routes of API keys."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.bodies import SMALL, read_object
from sconto.api.context import context_of
from sconto.api.faults import InvalidFields
from sconto.api.ids import id_in_path
from sconto.api.json_answer import answer
from sconto.api.people import keys_wire as wire
from sconto.api.plain_route import PlainRoute
from sconto.api.problem_json import find_unknown
from sconto.domain.people import Action
from sconto.operations import api_keys as operations


async def create_key(request: Request) -> Response:
    """Only this answer has the `key`: Sconto stores only its hash.

    Send it wherever a token is accepted. It works from now on. A merchant has at most 100 keys.
    """
    caller = require(request, Action.MANAGE_PEOPLE)
    context = context_of(request)
    now = context.now()
    new = wire.read_new_key(await read_object(request, SMALL), now)
    key, text = await operations.create_key(context.database, caller, new, now, context.keys)
    return answer({**wire.render_key(key), "key": text}, 201)


async def list_keys(request: Request) -> Response:
    """All keys that are not revoked, in the order of their creation.

    `last_used_at` is up to a minute late.
    """
    caller = require(request, Action.MANAGE_PEOPLE)
    if faults := find_unknown(request.query_params, ()):
        raise InvalidFields(faults)
    keys = await operations.list_keys(context_of(request).database, caller)
    return answer({"keys": [wire.render_key(key) for key in keys]})


async def get_key(request: Request) -> Response:
    """A revoked key is not found."""
    caller = require(request, Action.MANAGE_PEOPLE)
    key = await operations.get_key(
        context_of(request).database, caller, id_in_path(request, "key_id")
    )
    return answer(wire.render_key(key))


async def revoke_key(request: Request) -> Response:
    """Revokes the key permanently: in this process immediately, elsewhere within 10 seconds."""
    caller = require(request, Action.MANAGE_PEOPLE)
    context = context_of(request)
    await operations.revoke_key(
        context.database, caller, id_in_path(request, "key_id"), context.now(), context.keys
    )
    return Response(status_code=204)


ROUTES: Final = (
    PlainRoute("/people/v1/keys", create_key, methods=["POST"]),
    PlainRoute("/people/v1/keys", list_keys, methods=["GET"]),
    PlainRoute("/people/v1/keys/{key_id}", get_key, methods=["GET"]),
    PlainRoute("/people/v1/keys/{key_id}", revoke_key, methods=["DELETE"]),
)
