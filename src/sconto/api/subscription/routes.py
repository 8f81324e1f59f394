"""The routes of the subscription promotions API."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from prometheus_client import Counter
from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import caller_of, require
from sconto.api.bodies import LIST, parse_object, read_json, read_object, run_parser
from sconto.api.context import context_of
from sconto.api.idempotency import read_keyed
from sconto.api.plain_route import PlainRoute
from sconto.api.strict_json import is_quick_to_parse
from sconto.api.subscription.contracts import read_application, read_plan, read_validation
from sconto.api.subscription.requests import (
    read_patch,
    read_promotion_id,
    read_query,
)
from sconto.api.subscription.terms import read_change, read_terms
from sconto.api.subscription.writing import (
    envelope,
    render_eligibility,
    write_application,
    write_application_around_usage,
    write_page,
    write_promotion,
    write_schedule,
)
from sconto.domain.people import Action, Caller
from sconto.domain.problems import AccessDenied, CodeRefused, SubscriptionCodeNotFound
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import (
    Application,
    SubscriptionPromotion,
    SubscriptionTerms,
)
from sconto.operations import subscription_promotions, subscriptions
from sconto.operations.idempotency import (
    AlreadyAnswered,
    AnswerAroundUsage,
    EncodedAnswer,
    KeyedRequest,
)
from sconto.operations.subscription_promotions import KeyedPromotion

T = TypeVar("T")


async def list_promotions(request: Request) -> Response:
    """The oldest first; new promotions come at the end."""
    caller = require(request, Action.READ_PROMOTIONS)
    query, cursor = read_query(request)
    database = context_of(request).database
    page = await subscription_promotions.list_promotions(database, caller, query)
    return _ok(write_page(page, cursor))


async def create_promotion(request: Request) -> Response:
    """Its code must be new among the merchant's promotions; case does not matter."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    sent = await read_json(request, LIST)
    terms, keyed = await run_parser(request, sent, _read_new, sent, request, context.zone)
    creating = subscription_promotions.create_promotion(
        context.database, caller, terms, context.now(), keyed
    )
    return await _answer(creating, _encode_created)


async def get_promotion(request: Request) -> Response:
    """The promotion, with how often its code was applied."""
    caller = require(request, Action.READ_PROMOTIONS)
    promotion_id = read_promotion_id(request)
    database = context_of(request).database
    promotion = await subscription_promotions.get_promotion(database, caller, promotion_id)
    return _ok(write_promotion(promotion))


async def change_promotion(request: Request) -> Response:
    """A JSON merge patch. Subscriptions that have the code keep the rules they got."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    sent = await read_patch(request)
    promotion_id, change, keyed = await run_parser(
        request, sent, _read_change, sent, request, context.zone
    )
    changing = subscription_promotions.change_promotion(
        context.database,
        caller,
        promotion_id,
        change,
        context.now(),
        keyed,
        is_long=not is_quick_to_parse(sent),
    )
    return await _answer(changing, _encode_changed)


async def delete_promotion(request: Request) -> Response:
    """Subscriptions that have its code keep the effect; the code is free for another promotion."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    archiving = subscription_promotions.archive_promotion(
        context.database,
        caller,
        read_promotion_id(request),
        context.now(),
        read_keyed(request, None, _encode_deleted),
    )
    return await _answer(archiving, _encode_deleted)


async def validate(request: Request) -> Response:
    """Nothing is counted. Not eligible is not an error: `valid` is false, `message` says why."""
    caller = _require_either(request, Action.CHECK_OUT, Action.READ_PROMOTIONS)
    context = context_of(request)
    body = await read_object(request, LIST)
    promotion_id = read_promotion_id(request)
    # An unknown promotion is reported before a wrong body.
    promotion = await subscription_promotions.get_promotion(context.database, caller, promotion_id)
    eligibility = subscriptions.validate_contract(promotion, read_validation(body), context.now())
    context.metrics.subscription_validations.labels(eligibility.reason or "valid").inc()
    return _ok(envelope(render_eligibility(eligibility)))


async def schedule(request: Request) -> Response:
    """Order by order, and until when; also for a promotion that is not enabled yet."""
    caller = _require_either(request, Action.CHECK_OUT, Action.READ_PROMOTIONS)
    context = context_of(request)
    body = await read_object(request, LIST)
    promotion_id = read_promotion_id(request)
    promotion = await subscription_promotions.get_promotion(context.database, caller, promotion_id)
    plan = read_plan(body)
    eligibility, orders = await subscriptions.schedule_promotion(
        context.database, caller, promotion, plan, context.now()
    )
    return _ok(write_schedule(eligibility, orders, plan.amount))


async def apply_code(request: Request) -> Response:
    """Counts one use, never beyond the limit; `applicationId` names the version it got."""
    caller = require(request, Action.CHECK_OUT)
    context = context_of(request)
    sent = await read_json(request, LIST)
    code, contract, keyed = await run_parser(request, sent, _read_application, sent, request)
    applying = subscriptions.apply_code(
        context.database, caller, code, contract, context.now(), keyed
    )
    counted = _count_outcome(context.metrics.subscription_applications, applying)
    return await _answer(counted, _encode_application)


async def _count_outcome(counter: Counter, applying: Awaitable[Application]) -> Application:
    try:
        application = await applying
    except CodeRefused as refused:
        counter.labels(refused.reason).inc()
        raise
    except SubscriptionCodeNotFound:
        counter.labels("unknown").inc()
        raise
    except AlreadyAnswered:
        counter.labels("repeated").inc()
        raise
    counter.labels("applied").inc()
    return application


def _require_either(request: Request, one: Action, other: Action) -> Caller:
    caller = caller_of(request)
    if not caller.may(one) and not caller.may(other):
        raise AccessDenied(one)
    return caller


def _read_new(
    sent: bytes, request: Request, zone: ZoneInfo
) -> tuple[SubscriptionTerms, KeyedPromotion | None]:
    body = parse_object(sent)
    terms = read_terms(body, zone)
    return terms, read_keyed(request, body, _encode_created)


def _read_change(
    sent: bytes, request: Request, zone: ZoneInfo
) -> tuple[int, Callable[[SubscriptionPromotion], SubscriptionTerms], KeyedPromotion | None]:
    patch = parse_object(sent)
    promotion_id = read_promotion_id(request)
    change = read_change(patch, zone)
    return promotion_id, change, read_keyed(request, patch, _encode_changed)


def _read_application(
    sent: bytes, request: Request
) -> tuple[str, Contract, KeyedRequest[Application, AnswerAroundUsage] | None]:
    body = parse_object(sent)
    code, contract = read_application(body)
    return code, contract, read_keyed(request, body, write_application_around_usage)


def _encode_created(promotion: SubscriptionPromotion) -> EncodedAnswer:
    return EncodedAnswer(201, write_promotion(promotion))


def _encode_changed(promotion: SubscriptionPromotion) -> EncodedAnswer:
    return EncodedAnswer(200, write_promotion(promotion))


def _encode_application(application: Application) -> EncodedAnswer:
    return EncodedAnswer(200, write_application(application))


def _encode_deleted(_: None) -> EncodedAnswer:
    return EncodedAnswer(204, b"")


async def _answer(done: Awaitable[T], encode: Callable[[T], EncodedAnswer]) -> Response:
    """The answer to the request, new or stored under its key."""
    try:
        return _response(encode(await done))
    except AlreadyAnswered as before:
        return _response(before.answer)


def _ok(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _response(answer: EncodedAnswer) -> Response:
    media_type = "application/json" if answer.body else None
    return Response(answer.body, answer.status, media_type=media_type)


ROUTES: Final = (
    PlainRoute("/promotion/v1/promotions", list_promotions, methods=["GET"]),
    PlainRoute("/promotion/v1/promotions", create_promotion, methods=["POST"]),
    PlainRoute("/promotion/v1/promotions/{promotionId}", get_promotion, methods=["GET"]),
    PlainRoute("/promotion/v1/promotions/{promotionId}", change_promotion, methods=["PATCH"]),
    PlainRoute("/promotion/v1/promotions/{promotionId}", delete_promotion, methods=["DELETE"]),
    PlainRoute("/promotion/v1/promotions/{promotionId}/_validate", validate, methods=["POST"]),
    PlainRoute("/promotion/v1/promotions/{promotionId}/_schedule", schedule, methods=["POST"]),
    PlainRoute("/promotion/v1/promotion-codes/_apply", apply_code, methods=["POST"]),
)
