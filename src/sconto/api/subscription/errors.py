"""The errors of the subscription promotions API, all of one shape."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
from starlette.responses import Response

from sconto.api.faults import InvalidFields
from sconto.api.idempotency import KeyNotValid
from sconto.api.strict_json import NotJson
from sconto.api.subscription.instants import format_instant
from sconto.api.titles import title_of
from sconto.domain.problems import (
    AccessDenied,
    ApplicationNotFound,
    BodyEncoded,
    BodyTooLarge,
    CodeRefused,
    IdempotencyKeyBusy,
    IdempotencyKeyReused,
    MaxUsageTooLow,
    Problem,
    SubscriptionCodeNotFound,
    SubscriptionCodeTaken,
    SubscriptionPromotionNotFound,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    TooManyLargeRequests,
    UnsupportedMediaType,
)
from sconto.domain.subscription_promotion import IneligibleReason, SubscriptionPromotion

_SENTENCES: Final[Mapping[int, str]] = {
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    429: "There were too many requests. Try again later.",
    500: "Something went wrong on our side.",
    503: "The database cannot be reached at the moment. Try again.",
}


class MergePatchExpected(Problem):
    """The content type of a change is neither JSON nor a merge patch."""


def say_ineligible_reason(promotion: SubscriptionPromotion, reason: IneligibleReason) -> str:
    """A sentence: why a subscription may not have the promotion's code."""
    constraint = promotion.terms.constraint
    match reason:
        case IneligibleReason.DISABLED:
            return "The promotion is not enabled."
        case IneligibleReason.NOT_STARTED:
            starts_at = constraint.starts_at
            return (
                f"The promotion starts at {'' if starts_at is None else format_instant(starts_at)}."
            )
        case IneligibleReason.ENDED:
            ends_at = constraint.ends_at
            return f"The promotion ended at {'' if ends_at is None else format_instant(ends_at)}."
        case IneligibleReason.NEW_ONLY:
            return "The promotion is for new subscriptions only."
        case IneligibleReason.TYPE:
            return "The promotion is not for subscriptions of this type."
        case IneligibleReason.ALREADY_APPLIED:
            return f"The code {promotion.terms.code} is on the subscription already."
        case IneligibleReason.USED_UP:
            return f"The promotion has reached its limit of {constraint.max_usage} redemptions."


def answer_errors(
    status: int, details: Iterable[str], headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with one error per detail."""
    errors = [
        {"status": str(status), "title": title_of(status), "detail": detail} for detail in details
    ]
    return Response(msgspec.json.encode({"errors": errors}), status, headers, "application/json")


def _unauthorized(detail: str) -> Response:
    return answer_errors(401, [detail], {"WWW-Authenticate": "Bearer"})


# Each function gets a problem of exactly the class next to it.
_ANSWERS: Final[Mapping[type[Problem], Callable[[Any], Response]]] = {
    NotJson: lambda _: answer_errors(400, ["The body is not a JSON object."]),
    UnsupportedMediaType: lambda _: answer_errors(400, ["The body must be application/json."]),
    BodyEncoded: lambda _: answer_errors(400, ["The body must not be compressed."]),
    MergePatchExpected: lambda _: answer_errors(
        400, ["The body must be application/merge-patch+json or application/json."]
    ),
    KeyNotValid: lambda _: answer_errors(
        400, ["The Idempotency-Key must have 1 to 255 printable ASCII characters."]
    ),
    TokenMissing: lambda _: _unauthorized("The request has no token."),
    TokenInvalid: lambda _: _unauthorized("The token is not valid."),
    TokenExpired: lambda _: _unauthorized("The token has expired."),
    AccessDenied: lambda error: answer_errors(
        403, [f"Your role does not allow you to {error.action}."]
    ),
    SubscriptionPromotionNotFound: lambda error: answer_errors(
        404, [f"There is no promotion {error.promotion_id}."]
    ),
    SubscriptionCodeNotFound: lambda error: answer_errors(
        404, [f"There is no promotion with the code {error.code}."]
    ),
    ApplicationNotFound: lambda error: answer_errors(
        404, [f"The promotion has no application {error.application_id}."]
    ),
    SubscriptionCodeTaken: lambda error: answer_errors(
        409, [f"Another promotion has the code {error.code}."]
    ),
    CodeRefused: lambda error: answer_errors(
        409, [say_ineligible_reason(error.promotion, error.reason)]
    ),
    IdempotencyKeyReused: lambda _: answer_errors(
        409, ["Another request was sent with this Idempotency-Key."]
    ),
    IdempotencyKeyBusy: lambda error: answer_errors(
        409,
        ["The request with this Idempotency-Key is under way. Try again."],
        {"Retry-After": str(error.retry_after)},
    ),
    BodyTooLarge: lambda error: answer_errors(
        413, [f"The body is larger than {error.limit} bytes."]
    ),
    TooManyLargeRequests: lambda error: answer_errors(
        429,
        ["Other large requests of this merchant are under way. Try again later."],
        {"Retry-After": str(error.retry_after)},
    ),
    InvalidFields: lambda error: answer_errors(
        422, [f"{fault.place} {fault.detail}" for fault in error.faults]
    ),
    MaxUsageTooLow: lambda error: answer_errors(
        422, [f"constraint.maxUsage must be at least {error.usage}: so often it was redeemed"]
    ),
}


def answer_problem(problem: Problem) -> Response:
    """The answer to a problem. Raises KeyError for one that this API does not have."""
    return _ANSWERS[type(problem)](problem)


def answer_status(
    status: int, headers: Mapping[str, str] | None = None, sentence: str | None = None
) -> Response:
    """The answer to an error without details."""
    shown = sentence or _SENTENCES.get(status, f"{title_of(status)}.")
    return answer_errors(status, [shown], headers)
