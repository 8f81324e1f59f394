"""The routes of back-tests."""

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.base_path import base_path_of
from sconto.api.bodies import LIST, parse_object, read_json, run_parser
from sconto.api.cart import query, reading
from sconto.api.cart.backtest_reading import Wanted, faults_of, placed_in, read_wanted
from sconto.api.cart.backtest_writing import write_backtest, write_page
from sconto.api.cart.writing import write_promotion
from sconto.api.context import context_of
from sconto.api.faults import InvalidFields
from sconto.api.idempotency import read_keyed
from sconto.api.ids import id_in_path
from sconto.api.json_answer import answer
from sconto.api.merchant.errors import product_not_found
from sconto.api.merchant.findings import last_of
from sconto.api.merchant.reading import Reading, read_promotion_change
from sconto.api.plain_route import PlainRoute
from sconto.domain.backtest.draft import Draft
from sconto.domain.backtest.job import Backtest, NewBacktest
from sconto.domain.people import Action, Caller
from sconto.operations import cart_promotions, promotions
from sconto.operations.backtesting import jobs
from sconto.operations.idempotency import AlreadyAnswered, EncodedAnswer, KeyedRequest

_START: Final = "/cart/v1/promotions/_backtest"
_BACKTESTS: Final = "/cart/v1/backtests"
_BACKTEST: Final = f"{_BACKTESTS}/{{backtest_id}}"


async def start_backtest(request: Request) -> Response:
    """Orders of a period are priced as things stand and with the draft, in the background."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    now = context.now()
    sent = await read_json(request, LIST)
    body = await run_parser(request, sent, parse_object, sent)
    wanted = await run_parser(request, sent, read_wanted, body, context.zone, now)
    draft = await _draft(request, caller, wanted)
    new = NewBacktest(draft, wanted.since, wanted.until, wanted.as_if_running, context.zone.key)
    keyed: KeyedRequest[Backtest, EncodedAnswer] | None = await run_parser(
        request, sent, read_keyed, request, body, _encode
    )
    try:
        started = await jobs.start_backtest(context.database, caller, new, now, keyed)
    except AlreadyAnswered as before:
        return _answer_started(request, before.answer)
    return _answer_started(request, _encode(started))


async def list_backtests(request: Request) -> Response:
    """The latest first; without their results."""
    caller = require(request, Action.READ_PROMOTIONS)
    limit, before = query.read_page(request.query_params.multi_items())
    found, more = await jobs.list_backtests(context_of(request).database, caller, limit, before)
    return answer(write_page(found, more=more))


async def get_backtest(request: Request) -> Response:
    """Its progress, and its result once it is finished."""
    caller = require(request, Action.READ_PROMOTIONS)
    found = await jobs.get_backtest(
        context_of(request).database, caller, id_in_path(request, "backtest_id")
    )
    return answer(write_backtest(found))


async def cancel_backtest(request: Request) -> Response:
    """One that has ended stays unchanged."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    cancelled = await jobs.cancel_backtest(
        context.database, caller, id_in_path(request, "backtest_id"), context.now()
    )
    return answer(write_backtest(cancelled))


async def delete_backtest(request: Request) -> Response:
    """One that is running stops."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    await jobs.delete_backtest(
        context_of(request).database, caller, id_in_path(request, "backtest_id")
    )
    return Response(status_code=204)


async def _draft(request: Request, caller: Caller, wanted: Wanted) -> Draft:
    """The draft. Raises InvalidFields with all faults, PromotionNotFound and DraftTooLarge."""
    promotion_id = wanted.promotion_id
    if wanted.change is not None and promotion_id is not None:
        return await _draft_of_change(request, caller, wanted, promotion_id)
    if wanted.product_promotion is not None:
        new = await _faultless(request, caller, wanted, "product_promotion")
        return jobs.draft_product_promotion(new, promotion_id)
    wanted.refuse_faults()
    assert wanted.promotion is not None  # noqa: S101 - else there are faults
    return jobs.draft_cart_promotion(wanted.promotion, promotion_id)


async def _draft_of_change(
    request: Request, caller: Caller, wanted: Wanted, promotion_id: int
) -> Draft:
    context = context_of(request)
    database, patch = context.database, wanted.change or {}
    if not await jobs.is_cart_promotion(database, caller, promotion_id):
        current = await promotions.get_summary(database, caller, promotion_id)
        sent = {"promotion_type": current.type.value, **patch}
        read = read_promotion_change(sent, current, context.zone)
        change = await _faultless(request, caller, wanted, "change", read)
        return await jobs.draft_product_change(
            database, caller, promotion_id, change, context.now()
        )
    before = await cart_promotions.get_promotion(database, caller, promotion_id)
    written = write_promotion(before, None if before.code_type is None else ())
    try:
        changed = reading.read_change(written, patch, before)
    except InvalidFields as error:
        raise InvalidFields([*wanted.faults, *placed_in("change", error)]) from None
    wanted.refuse_faults()
    return jobs.draft_cart_promotion(changed, promotion_id)


async def _faultless(
    request: Request,
    caller: Caller,
    wanted: Wanted,
    name: str,
    read: Reading[Any] | None = None,
) -> Any:
    """The request of an object in the merchant API's words. Raises InvalidFields."""
    found = wanted.product_promotion if read is None else read
    assert found is not None  # noqa: S101 - the caller has looked
    named = found.named_products()
    database = context_of(request).database
    unknown = await promotions.find_unknown_products(database, caller, named) if named else []
    if unknown:
        naming = (path for path, ids in found.product_ids.items() if set(ids) & set(unknown))
        found.findings.note(last_of(naming), product_not_found(unknown))
    faults = [*wanted.faults, *faults_of(name, found)]
    if faults or found.wanted is None:
        raise InvalidFields(faults)
    return found.wanted


def _encode(backtest: Backtest) -> EncodedAnswer:
    return EncodedAnswer(201, msgspec.json.encode(write_backtest(backtest)))


class _Started(msgspec.Struct):
    """What `Location` needs of an answer."""

    id: int


def _answer_started(request: Request, answer: EncodedAnswer) -> Response:
    started = msgspec.json.decode(answer.body, type=_Started)
    headers = {"Location": f"{base_path_of(request.scope)}{_BACKTESTS}/{started.id}"}
    return Response(answer.body, answer.status, headers, "application/json")


ROUTES: Final = (
    PlainRoute(_BACKTESTS, list_backtests, methods=["GET"]),
    PlainRoute(_START, start_backtest, methods=["POST"]),
    PlainRoute(_BACKTEST, get_backtest, methods=["GET"]),
    PlainRoute(_BACKTEST, delete_backtest, methods=["DELETE"]),
    PlainRoute(f"{_BACKTEST}/_cancel", cancel_backtest, methods=["POST"]),
)
