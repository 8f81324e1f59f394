"""The routes of API keys."""

from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.bodies import SMALL, read_object
from sconto.api.context import context_of
from sconto.api.faults import InvalidFields
from sconto.api.people import keys_wire as wire
from sconto.api.plain_route import PlainRoute
from sconto.api.problem_json import find_unknown
from sconto.domain.people import Action
from sconto.domain.product import parse_product_id
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
    return _answer({**wire.render_key(key), "key": text}, 201)


async def list_keys(request: Request) -> Response:
    """All keys that are not revoked, in the order of their creation.

    `last_used_at` is up to a minute late.
    """
    caller = require(request, Action.MANAGE_PEOPLE)
    if faults := find_unknown(request.query_params, ()):
        raise InvalidFields(faults)
    keys = await operations.list_keys(context_of(request).database, caller)
    return _answer({"keys": [wire.render_key(key) for key in keys]})


async def get_key(request: Request) -> Response:
    """A revoked key is not found."""
    caller = require(request, Action.MANAGE_PEOPLE)
    key = await operations.get_key(context_of(request).database, caller, _key_id(request))
    return _answer(wire.render_key(key))


async def revoke_key(request: Request) -> Response:
    """Revokes the key permanently: in this process immediately, elsewhere within 10 seconds."""
    caller = require(request, Action.MANAGE_PEOPLE)
    context = context_of(request)
    await operations.revoke_key(
        context.database, caller, _key_id(request), context.now(), context.keys
    )
    return Response(status_code=204)


def _key_id(request: Request) -> int:
    """The id in the path; a path without a valid one is answered 404."""
    key_id = parse_product_id(request.path_params["key_id"])
    if key_id is None:
        raise HTTPException(404)
    return key_id


def _answer(body: dict[str, object], status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


ROUTES: Final = (
    PlainRoute("/people/v1/keys", create_key, methods=["POST"]),
    PlainRoute("/people/v1/keys", list_keys, methods=["GET"]),
    PlainRoute("/people/v1/keys/{key_id}", get_key, methods=["GET"]),
    PlainRoute("/people/v1/keys/{key_id}", revoke_key, methods=["DELETE"]),
)
