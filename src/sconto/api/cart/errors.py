"""The errors of the cart promotions API."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import Response

from sconto.api import problem_json
from sconto.api.idempotency import KeyNotValid
from sconto.domain.backtest.problems import BacktestNotFound, DraftTooLarge, TooManyBacktests
from sconto.domain.problems import (
    IdempotencyKeyBusy,
    IdempotencyKeyReused,
    PromotionNotFound,
    TooManyAutomatic,
)


def _too_many_automatic(error: TooManyAutomatic) -> Response:
    facts = {
        "type": "urn:sconto:problem:too-many-automatic",
        "title": "Too many automatic cart promotions",
    }
    detail = (
        f"At most {error.most} cart promotions without codes may be active and not over. "
        "Switch one off or give this one codes. Nothing was changed."
    )
    return problem_json.problem(409, detail, members=facts)


ANSWERS: Final[Mapping[type[Exception], Callable[[Any], Response]]] = {
    PromotionNotFound: lambda error: problem_json.problem(
        404, f"There is no cart promotion {error.promotion_id}."
    ),
    TooManyAutomatic: _too_many_automatic,
    BacktestNotFound: lambda error: problem_json.problem(
        404, f"There is no back-test {error.backtest_id}."
    ),
    TooManyBacktests: lambda error: problem_json.problem(
        429,
        f"At most {error.most} back-tests of a merchant may run or wait.",
        {"Retry-After": str(error.retry_after)},
    ),
    DraftTooLarge: lambda error: problem_json.problem(
        413, f"A back-test takes drafts with up to {error.most} products and codes."
    ),
    KeyNotValid: lambda _: problem_json.problem(
        400, "The Idempotency-Key must have 1 to 255 printable ASCII characters."
    ),
    IdempotencyKeyReused: lambda _: problem_json.problem(
        409, "Another request was sent with this Idempotency-Key."
    ),
    IdempotencyKeyBusy: lambda error: problem_json.problem(
        409,
        "The request with this Idempotency-Key is under way. Try again.",
        {"Retry-After": str(error.retry_after)},
    ),
}
