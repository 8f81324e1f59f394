"""The routes of the merchant API: create, modify, get, list and delete promotions; statistics.

Each route checks in this order: the token, the content type, the caller's role, the JSON, the
promotion, and then everything else, with all faults in one answer. The published order has the JSON
before the role, but Sconto does not read large bodies of callers who may not send them.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sconto.api.access import require
from sconto.api.bodies import (
    CODES,
    SMALL,
    in_turn_if_large,
    parse_object,
    read_body,
    read_object,
    run_parser,
)
from sconto.api.context import context_of
from sconto.api.long_answers import answer_in_parts
from sconto.api.merchant.admission import admit
from sconto.api.merchant.errors import Refused, invalid_body
from sconto.api.merchant.ids import find_id, id_in_path
from sconto.api.merchant.listing import read_query
from sconto.api.merchant.reading import Reading, read_new_promotion, read_promotion_change
from sconto.api.merchant.statistics import read_statistics_question, write_statistics
from sconto.api.merchant.writing import write_promotion_in_parts
from sconto.api.plain_route import PlainRoute
from sconto.domain.people import Action, Caller
from sconto.domain.promotion import NewPromotion
from sconto.operations import promotions
from sconto.operations.statistics import get_statistics_in_parts
from sconto.operations.turns import in_thread

T = TypeVar("T")


async def create_promotion(request: Request) -> Response:
    """Create a promotion and set discounts for products."""
    caller = await admit(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    async with in_turn_if_large(request):
        sent = await read_body(request, CODES)
        now = context.now()
        reading = await run_parser(request, sent, _read_new, sent, context.zone, now)
        new = await _faultless(request, sent, reading, caller)
        promotion_id = await promotions.create_promotion(context.database, caller, new, now)
    return JSONResponse({"id": promotion_id})


async def list_promotions(request: Request) -> Response:
    """List the ids of the merchant's promotions; filters combine with "and"."""
    caller = require(request, Action.READ_PROMOTIONS)
    context = context_of(request)
    query = read_query(request.query_params.multi_items())
    ids = await promotions.list_promotions(context.database, caller, query, context.now())
    return JSONResponse({"ids": ids})


async def get_statistics(request: Request) -> Response:
    """Tell how often a promotion, and each of its codes, was used in orders."""
    caller = await admit(request, Action.READ_PROMOTIONS)
    body = await read_object(request, SMALL)
    database = context_of(request).database
    asked = read_statistics_question(body)
    if asked.promotion_id is None:
        raise invalid_body(*asked.faults)
    promotion_id = find_id(asked.promotion_id)
    uses, parts = await get_statistics_in_parts(database, caller, promotion_id)
    if asked.faults:
        raise invalid_body(*asked.faults)
    return await answer_in_parts(write_statistics(uses, parts))


async def get_promotion(request: Request) -> Response:
    """Get a promotion."""
    caller = require(request, Action.READ_PROMOTIONS)
    context = context_of(request)
    promotion = await promotions.get_promotion(context.database, caller, id_in_path(request))
    parts = write_promotion_in_parts(promotion, context.zone)
    return await answer_in_parts(await in_thread(list, parts) if promotion.is_long else parts)


async def change_promotion(request: Request) -> Response:
    """Change a promotion; what is left out stays, an object that is sent replaces the old one."""
    caller = await admit(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    async with in_turn_if_large(request):
        sent = await read_body(request, CODES)
        now = context.now()
        body = await run_parser(request, sent, parse_object, sent)
        promotion_id = id_in_path(request)
        current = await promotions.get_summary(context.database, caller, promotion_id)
        reading = await run_parser(
            request, sent, read_promotion_change, body, current, context.zone
        )
        change = await _faultless(request, sent, reading, caller)
        await promotions.change_promotion(context.database, caller, promotion_id, change, now)
    return JSONResponse({})


async def delete_promotion(request: Request) -> Response:
    """Delete a promotion with its codes and discounts; orders keep what they got."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    promotion_id = id_in_path(request)
    await promotions.delete_promotion(context.database, caller, promotion_id, context.now())
    return JSONResponse({})


def _read_new(sent: bytes, zone: ZoneInfo, now: datetime) -> Reading[NewPromotion]:
    return read_new_promotion(parse_object(sent), zone, now)


async def _faultless(request: Request, sent: bytes, reading: Reading[T], caller: Caller) -> T:
    """What the body asks for. Raises Refused with all faults, unknown products included."""
    if reading.wanted is not None:
        return reading.wanted
    named = await run_parser(request, sent, reading.named_products)
    database = context_of(request).database
    unknown = await promotions.find_unknown_products(database, caller, named) if named else []
    raise await run_parser(request, sent, _refusal, reading, unknown)


def _refusal(reading: Reading[Any], unknown: Collection[int]) -> Refused:
    return invalid_body(*reading.faults(unknown))


ROUTES: Final = (
    PlainRoute("/v1/promotion", create_promotion, methods=["POST"]),
    PlainRoute("/v1/promotion", list_promotions, methods=["GET"]),
    PlainRoute("/v1/promotion/statistics", get_statistics, methods=["POST"]),
    PlainRoute("/v1/promotion/{promotion_id}", get_promotion, methods=["GET"]),
    PlainRoute("/v1/promotion/{promotion_id}", change_promotion, methods=["PATCH"]),
    PlainRoute("/v1/promotion/{promotion_id}", delete_promotion, methods=["DELETE"]),
)
