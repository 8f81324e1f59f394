"""The addresses of the subscription promotions API."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from prometheus_client import Counter
from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import caller_of, require
from sconto.api.bodies import LIST, parse_object, read_json, read_object, run_parser
from sconto.api.context import context_of
from sconto.api.plain_route import PlainRoute
from sconto.api.strict_json import is_quick_to_parse
from sconto.api.subscription import manual
from sconto.api.subscription.contracts import read_application, read_plan, read_validation
from sconto.api.subscription.models import (
    ApplicationAnswer,
    CodeToApply,
    ContractToValidate,
    NewSubscriptionPromotion,
    PlanToSchedule,
    ScheduleAnswer,
    SubscriptionPromotionAnswer,
    SubscriptionPromotionList,
    SubscriptionPromotionPatch,
    ValidationAnswer,
)
from sconto.api.subscription.requests import (
    read_keyed,
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

router: Final = APIRouter(
    prefix="/promotion/v1", tags=["Subscription promotions API"], route_class=PlainRoute
)

T = TypeVar("T")


@router.get(
    "/promotions",
    summary="List promotions",
    **manual.read(SubscriptionPromotionList, 422, parameters=manual.QUERY),
)
async def list_promotions(request: Request) -> Response:
    """The oldest first; those created meanwhile come at the end."""
    caller = require(request, Action.READ_PROMOTIONS)
    query, cursor = read_query(request)
    database = context_of(request).database
    page = await subscription_promotions.list_promotions(database, caller, query)
    return _ok(write_page(page, cursor))


@router.post(
    "/promotions",
    summary="Create a promotion",
    status_code=201,
    **manual.write(NewSubscriptionPromotion, SubscriptionPromotionAnswer, 201, 409),
)
async def create_promotion(request: Request) -> Response:
    """Its code must be new among the merchant's promotions, whatever the case."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    sent = await read_json(request, LIST)
    terms, keyed = await run_parser(request, sent, _read_new, sent, request, context.zone)
    creating = subscription_promotions.create_promotion(
        context.database, caller, terms, context.now(), keyed
    )
    return await _answer(creating, _encode_created)


@router.get(
    "/promotions/{promotionId}",
    summary="Get a promotion",
    **manual.read(SubscriptionPromotionAnswer, 404, parameters=[manual.PROMOTION_ID]),
)
async def get_promotion(request: Request) -> Response:
    """As it stands, with how often its code was applied."""
    caller = require(request, Action.READ_PROMOTIONS)
    promotion_id = read_promotion_id(request)
    database = context_of(request).database
    promotion = await subscription_promotions.get_promotion(database, caller, promotion_id)
    return _ok(write_promotion(promotion))


@router.patch(
    "/promotions/{promotionId}",
    summary="Change a promotion",
    **manual.write(
        SubscriptionPromotionPatch,
        SubscriptionPromotionAnswer,
        200,
        404,
        409,
        parameters=[manual.PROMOTION_ID],
        media_types=manual.PATCH_TYPES,
    ),
)
async def change_promotion(request: Request) -> Response:
    """A JSON merge patch. Subscriptions that have the code keep the rules that they got."""
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


@router.delete(
    "/promotions/{promotionId}",
    summary="Delete a promotion",
    status_code=204,
    **manual.write(None, None, 204, 404, parameters=[manual.PROMOTION_ID]),
)
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


@router.post(
    "/promotions/{promotionId}/_validate",
    summary="Ask whether a contract may have the promotion",
    **manual.read(
        ValidationAnswer, 404, 422, parameters=[manual.PROMOTION_ID], body=ContractToValidate
    ),
)
async def validate(request: Request) -> Response:
    """Nothing is counted. Not eligible is no error: `valid` is false, `message` says why."""
    caller = _require_either(request, Action.CHECK_OUT, Action.READ_PROMOTIONS)
    context = context_of(request)
    body = await read_object(request, LIST)
    promotion_id = read_promotion_id(request)
    # An unknown promotion is reported before a wrong body.
    promotion = await subscription_promotions.get_promotion(context.database, caller, promotion_id)
    eligibility = subscriptions.validate_contract(promotion, read_validation(body), context.now())
    context.metrics.subscription_validations.labels(eligibility.reason or "valid").inc()
    return _ok(envelope(render_eligibility(eligibility)))


@router.post(
    "/promotions/{promotionId}/_schedule",
    summary="Ask what a contract's next orders get",
    **manual.read(ScheduleAnswer, 404, 422, parameters=[manual.PROMOTION_ID], body=PlanToSchedule),
)
async def schedule(request: Request) -> Response:
    """Order by order, and until when; also for a promotion that is not switched on yet."""
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


@router.post(
    "/promotion-codes/_apply",
    summary="Apply a code to a contract",
    **manual.write(CodeToApply, ApplicationAnswer, 200, 404, 409),
)
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
    return await _answer(counted, _encode_applied)


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


def _encode_applied(application: Application) -> EncodedAnswer:
    return EncodedAnswer(200, write_application(application))


def _encode_deleted(_: None) -> EncodedAnswer:
    return EncodedAnswer(204, b"")


async def _answer(done: Awaitable[T], encode: Callable[[T], EncodedAnswer]) -> Response:
    """The answer to what was done, or the one that the request got before."""
    try:
        return _response(encode(await done))
    except AlreadyAnswered as before:
        return _response(before.answer)


def _ok(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _response(answer: EncodedAnswer) -> Response:
    media_type = "application/json" if answer.body else None
    return Response(answer.body, answer.status, media_type=media_type)
