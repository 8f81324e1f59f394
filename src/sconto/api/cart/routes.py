"""The routes of the cart promotions API."""

from datetime import datetime
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.base_path import base_path_of
from sconto.api.bodies import CART, CODES, parse_object, read_json, read_merge_patch, run_parser
from sconto.api.cart import query, reading, writing
from sconto.api.cart.trial import read_trial
from sconto.api.checkout.writing import write_quote
from sconto.api.context import context_of
from sconto.api.idempotency import read_keyed
from sconto.api.ids import id_in_path
from sconto.api.json_answer import answer
from sconto.api.long_answers import answer_in_parts, parts_of
from sconto.api.plain_route import PlainRoute
from sconto.domain.cart import Cart
from sconto.domain.cart_draft import CartDraft
from sconto.domain.cart_promotion import CartPromotion, NewCartPromotion
from sconto.domain.forecast import forecast
from sconto.domain.people import Action
from sconto.operations import cart_promotions as operations
from sconto.operations.idempotency import AlreadyAnswered, EncodedAnswer, KeyedRequest

_PROMOTIONS: Final = "/cart/v1/promotions"
_PROMOTION: Final = "/cart/v1/promotions/{promotion_id}"


async def create_promotion(request: Request) -> Response:
    """A promotion without codes applies by itself."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    now = context.now()
    sent = await read_json(request, CODES)
    new, keyed = await run_parser(request, sent, _read_new, sent, request, now)
    try:
        created = await operations.create_promotion(context.database, caller, new, now, keyed)
    except AlreadyAnswered as before:
        return _answer_created(request, before.answer)
    return _answer_created(request, _encode_created(created, new))


async def list_promotions(request: Request) -> Response:
    """The latest created first; without their codes."""
    caller = require(request, Action.READ_PROMOTIONS)
    context = context_of(request)
    wanted = query.read_query(request.query_params.multi_items())
    found, more = await operations.list_promotions(context.database, caller, wanted, context.now())
    return answer(writing.write_page(found, more=more))


async def get_promotion(request: Request) -> Response:
    """The promotion, with its first 100,000 codes."""
    caller = require(request, Action.READ_PROMOTIONS)
    database = context_of(request).database
    found = await operations.get_promotion(database, caller, id_in_path(request, "promotion_id"))
    codes = await operations.list_codes(database, caller, found)
    return await _answer_in_parts(writing.write_promotion(found, codes))


async def change_promotion(request: Request) -> Response:
    """A JSON merge patch: null sets a field to its default."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    promotion_id = id_in_path(request, "promotion_id")
    sent = await read_merge_patch(request, CODES)
    patch = await run_parser(request, sent, parse_object, sent)
    now = context.now()

    def change(before: CartPromotion) -> NewCartPromotion:
        current = writing.write_promotion(before, None if before.code_type is None else ())
        return reading.read_change(current, patch, before)

    changed = await operations.change_promotion(context.database, caller, promotion_id, change, now)
    codes = await operations.list_codes(context.database, caller, changed)
    return await _answer_in_parts(writing.write_promotion(changed, codes))


async def delete_promotion(request: Request) -> Response:
    """`_restore` brings it back for an hour. Orders keep what they got."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    promotion_id = id_in_path(request, "promotion_id")
    await operations.delete_promotion(context.database, caller, promotion_id, context.now())
    return Response(status_code=204)


async def restore_promotion(request: Request) -> Response:
    """With its codes, within an hour. One that is not deleted stays unchanged."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    promotion_id = id_in_path(request, "promotion_id")
    await operations.restore_promotion(context.database, caller, promotion_id, context.now())
    return await get_promotion(request)


async def read_statistics(request: Request) -> Response:
    """Deleted orders stay counted, but give back what they took of the limits.

    While the promotion runs, `forecast` says when its limits are used up at the present pace.
    """
    caller = require(request, Action.READ_PROMOTIONS)
    context = context_of(request)
    found = await operations.get_statistics(
        context.database, caller, id_in_path(request, "promotion_id")
    )
    expected = forecast(found, context.now(), context.zone)
    return answer(writing.write_statistics(found, expected))


async def read_history(request: Request) -> Response:
    """The latest entry first."""
    caller = require(request, Action.READ_PROMOTIONS)
    limit, before = query.read_page(request.query_params.multi_items())
    page = await operations.get_promotion_history(
        context_of(request).database,
        caller,
        id_in_path(request, "promotion_id"),
        limit=limit,
        before=before,
    )
    return answer(writing.write_history(page))


async def try_promotion(request: Request) -> Response:
    """The quote as if the draft were saved; nothing is stored."""
    caller = require(request, Action.READ_PROMOTIONS)
    context = context_of(request)
    sent = await read_json(request, CART)
    draft, cart, at = await run_parser(request, sent, _read_trial, sent, context.now())
    priced = await operations.try_promotion(context.database, caller, draft, cart, at)
    return answer(write_quote(priced))


def _read_new(
    sent: bytes, request: Request, now: datetime
) -> tuple[NewCartPromotion, KeyedRequest[CartPromotion, EncodedAnswer] | None]:
    body = parse_object(sent)
    new = reading.read_new_promotion(body, now)
    return new, read_keyed(request, body, lambda created: _encode_created(created, new))


def _encode_created(created: CartPromotion, new: NewCartPromotion) -> EncodedAnswer:
    codes = None if new.code_type is None else new.codes
    return EncodedAnswer(201, msgspec.json.encode(writing.write_promotion(created, codes)))


def _answer_created(request: Request, answer: EncodedAnswer) -> Response:
    created = msgspec.json.decode(answer.body, type=_Created)
    headers = {"Location": f"{base_path_of(request.scope)}{_PROMOTIONS}/{created.id}"}
    return Response(answer.body, answer.status, headers, "application/json")


class _Created(msgspec.Struct):
    """What `Location` needs of an answer."""

    id: int


def _read_trial(sent: bytes, now: datetime) -> tuple[CartDraft, Cart, datetime]:
    return read_trial(parse_object(sent), now)


async def _answer_in_parts(
    body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """An answer that may have 100,000 codes."""
    return await answer_in_parts(parts_of(body), status, headers)


ROUTES: Final = (
    PlainRoute(_PROMOTIONS, list_promotions, methods=["GET"]),
    PlainRoute(_PROMOTIONS, create_promotion, methods=["POST"]),
    PlainRoute(f"{_PROMOTIONS}/_try", try_promotion, methods=["POST"]),
    PlainRoute(_PROMOTION, get_promotion, methods=["GET"]),
    PlainRoute(_PROMOTION, change_promotion, methods=["PATCH"]),
    PlainRoute(_PROMOTION, delete_promotion, methods=["DELETE"]),
    PlainRoute(f"{_PROMOTION}/_restore", restore_promotion, methods=["POST"]),
    PlainRoute(f"{_PROMOTION}/statistics", read_statistics, methods=["GET"]),
    PlainRoute(f"{_PROMOTION}/history", read_history, methods=["GET"]),
)
