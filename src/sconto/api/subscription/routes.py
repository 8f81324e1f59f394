"""The routes of the subscription promotions API."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from prometheus_client import Counter
from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import caller_of, require
from sconto.api.bodies import LIST, parse_object, read_json, read_object, run_parser
from sconto.api.context import context_of
from sconto.api.plain_route import PlainRoute
from sconto.api.strict_json import is_quick_to_parse
from sconto.api.subscription.contracts import read_application, read_plan, read_validation
from sconto.api.subscription.requests import (
    read_patch,
    read_promotion_id,
    read_query,
    read_repeatable,
)
from sconto.api.subscription.terms import read_change, read_terms
from sconto.api.subscription.writing import (
    envelope,
    render_eligibility,
    write_application,
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
from sconto.operations.idempotency import EncodedAnswer, Repeatable

T = TypeVar("T")


async def list_promotions(request: Request) -> Response:
    """The oldest first; those created meanwhile come at the end."""
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
    terms, repeatable = await run_parser(request, sent, _read_new, sent, request, context.zone)
    answer = await subscription_promotions.create_promotion(
        context.database, caller, terms, repeatable, context.now()
    )
    return _response(answer)


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
    promotion_id, change, repeatable = await run_parser(
        request, sent, _read_change, sent, request, context.zone
    )
    answer = await subscription_promotions.change_promotion(
        context.database,
        caller,
        promotion_id,
        change,
        repeatable,
        context.now(),
        is_long=not is_quick_to_parse(sent),
    )
    return _response(answer)


async def delete_promotion(request: Request) -> Response:
    """Subscriptions that have its code keep the effect; the code is free for another promotion."""
    caller = require(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    answer = await subscription_promotions.archive_promotion(
        context.database,
        caller,
        read_promotion_id(request),
        read_repeatable(request, None, _answering(204, lambda _: b"")),
        context.now(),
    )
    return _response(answer)


async def validate(request: Request) -> Response:
    """Nothing is counted. Not eligible is not an error: `valid` is false, `message` says why."""
    caller = _require_either(request, Action.CHECK_OUT, Action.READ_PROMOTIONS)
    context = context_of(request)
    body = await read_object(request, LIST)
    promotion_id = read_promotion_id(request)
    # 404 for an unknown promotion comes before faults of the body.
    await subscription_promotions.get_promotion(context.database, caller, promotion_id)
    eligibility = await subscriptions.validate_contract(
        context.database, caller, promotion_id, read_validation(body), context.now()
    )
    context.metrics.subscription_validations.labels(eligibility.reason or "valid").inc()
    return _ok(envelope(render_eligibility(eligibility)))


async def schedule(request: Request) -> Response:
    """Order by order, and until when; also for a promotion that is not enabled yet."""
    caller = _require_either(request, Action.CHECK_OUT, Action.READ_PROMOTIONS)
    context = context_of(request)
    body = await read_object(request, LIST)
    promotion_id = read_promotion_id(request)
    await subscription_promotions.get_promotion(context.database, caller, promotion_id)
    plan = read_plan(body)
    eligibility, orders = await subscriptions.schedule_promotion(
        context.database, caller, promotion_id, plan, context.now()
    )
    return _ok(write_schedule(eligibility, orders, plan.amount))


async def apply_code(request: Request) -> Response:
    """Counts one use, never beyond the limit; `applicationId` names the version it got."""
    caller = require(request, Action.CHECK_OUT)
    context = context_of(request)
    sent = await read_json(request, LIST)
    code, contract, repeatable = await run_parser(request, sent, _read_application, sent, request)
    applications = context.metrics.subscription_applications
    with _counting_refusals(applications):
        answer = await subscriptions.apply_code(
            context.database,
            caller,
            code,
            contract,
            repeatable,
            context.now(),
        )
    applications.labels("repeated" if answer.repeated else "applied").inc()
    return _response(answer)


@contextmanager
def _counting_refusals(counter: Counter) -> Iterator[None]:
    try:
        yield
    except CodeRefused as refused:
        counter.labels(refused.reason).inc()
        raise
    except SubscriptionCodeNotFound:
        counter.labels("unknown").inc()
        raise


def _require_either(request: Request, one: Action, other: Action) -> Caller:
    caller = caller_of(request)
    if not caller.may(one) and not caller.may(other):
        raise AccessDenied(one)
    return caller


def _read_new(
    sent: bytes, request: Request, zone: ZoneInfo
) -> tuple[SubscriptionTerms, Repeatable[SubscriptionPromotion]]:
    body = parse_object(sent)
    terms = read_terms(body, zone)
    return terms, read_repeatable(request, body, _answering(201, write_promotion))


def _read_change(
    sent: bytes, request: Request, zone: ZoneInfo
) -> tuple[
    int, Callable[[SubscriptionPromotion], SubscriptionTerms], Repeatable[SubscriptionPromotion]
]:
    patch = parse_object(sent)
    promotion_id = read_promotion_id(request)
    change = read_change(patch, zone)
    return promotion_id, change, read_repeatable(request, patch, _answering(200, write_promotion))


def _read_application(
    sent: bytes, request: Request
) -> tuple[str, Contract, Repeatable[Application]]:
    body = parse_object(sent)
    code, contract = read_application(body)
    return code, contract, read_repeatable(request, body, _answering(200, write_application))


def _answering(status: int, write: Callable[[T], bytes]) -> Callable[[T], EncodedAnswer]:
    return lambda effect: EncodedAnswer(status, write(effect))


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
