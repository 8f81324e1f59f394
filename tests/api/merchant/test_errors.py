"""The published codes and messages, and the answer to each problem."""

import json
from typing import Any

import pytest
from starlette.responses import Response

from sconto.api.merchant.errors import answer_problem, answer_status, fault
from sconto.api.strict_json import NotJson
from sconto.domain.people import Action
from sconto.domain.problems import (
    AccessDenied,
    BadCredentials,
    BodyTooLarge,
    PeriodReversed,
    Problem,
    PromotionNotFound,
    TermsMissing,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    TooManyAttempts,
    UnknownProducts,
    UnsupportedMediaType,
)
from sconto.domain.promotion import PromotionType

PUBLISHED = """\
110 JSON is not valid.
111 Invalid data format (Content-type).
1007 Your token is invalid.
1008 Missing token.
1009 Your token is expired.
11000 No access to promotion management. Please contact technical support.
11010 Invalid field value: *
11020 Product not found: *
11030 Same product can be listed only once (*) within one promotion.
11031 Same product can be listed only once (*) within one promotion.
11035 Product list has been sent twice. Transfer only one of the two options: \
coupons.product_id or coupons.products.
11036 Product list has been sent twice. Transfer only one of the two options: \
discounts.product_id or discounts.products.
11040 No discount is set. Provide values for parameters: \
coupons.discount_percent or coupons.products.discount_percent.
11041 No discount is set. Provide values for parameters: \
discounts.discount_percent or discounts.products.discount_percent.
11045 Discounts has been sent twice. Transfer only one of the two options: \
discount_percent or products.discount_percent.
11046 Discounts has been sent twice. Transfer only one of the two options: \
discount_percent or products.discount_percent.
11050 Promotion validity period (date_from, date_to) is incorrect.
11070 No coupon code is set. Provide at least one value for coupons.coupon_code.
11080 Coupons.coupon_code list must not contain duplicate values.
11090 Request data and promotion type do not match (promotion_type).
11200 Promotion not found: *"""


@pytest.mark.parametrize("line", PUBLISHED.splitlines())
def test_a_message_is_the_published_one(line: str) -> None:
    code, _, message = line.partition(" ")
    assert fault(int(code), "*").message == message


def errors_of(response: Response) -> list[Any]:
    """The codes and messages of an answer."""
    body = json.loads(bytes(response.body))
    assert list(body) == ["errors"]
    assert all(list(error) == ["error", "message"] for error in body["errors"])
    assert response.headers["content-type"] == "application/json"
    return [error["error"] for error in body["errors"]]


@pytest.mark.parametrize(
    ("problem", "status", "codes"),
    [
        (TokenInvalid(), 401, [1007]),
        (TokenMissing(), 401, [1008]),
        (TokenExpired(), 401, [1009]),
        (BadCredentials(), 401, [1001]),
        (UnsupportedMediaType(), 400, [111]),
        (NotJson(), 400, [110]),
        (AccessDenied(Action.WRITE_PROMOTIONS), 400, [11000]),
        (PromotionNotFound(36), 404, [11200]),
        (UnknownProducts((7, 9)), 400, [11020]),
        (PeriodReversed(), 400, [11050]),
        (TermsMissing(PromotionType.COUPON), 400, [11070, 11040]),
        (TermsMissing(PromotionType.DISCOUNT), 400, [11041]),
        (BodyTooLarge(16), 413, [413]),
        (TooManyAttempts(60), 429, [429]),
    ],
)
def test_each_problem_has_its_status_and_codes(
    problem: Problem, status: int, codes: list[int]
) -> None:
    response = answer_problem(problem)
    assert response.status_code == status
    assert errors_of(response) == codes


def test_unknown_products_are_named_in_one_message() -> None:
    body = json.loads(bytes(answer_problem(UnknownProducts((9, 7))).body))
    assert body == {"errors": [{"error": 11020, "message": "Product not found: 9, 7"}]}


def test_errors_that_a_retry_may_solve_have_retry_after() -> None:
    assert answer_problem(TooManyAttempts(60)).headers["retry-after"] == "60"
    assert answer_status(503, {"Retry-After": "2"}).headers["retry-after"] == "2"


@pytest.mark.parametrize("status", [404, 405, 500, 503])
def test_a_status_without_a_problem_is_its_own_code(status: int) -> None:
    response = answer_status(status)
    assert response.status_code == status
    assert errors_of(response) == [status]
