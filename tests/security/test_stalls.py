"""No single request keeps the event loop, and with it everybody else, from being served."""

from collections.abc import Callable

import pytest
from starlette.applications import Starlette

from sconto.domain.people import Caller
from tests.security.stalls import send, stalls

Bearer = Callable[[Caller], dict[str, str]]

SIZE = 16 * 1024 * 1024
JSON = {"Content-Type": "application/json"}

LONGEST = 0.2
"""Seconds; it is some 0.03 on a quiet machine, and was 0.3 to 12."""

START = b'{"promotion_type":"coupon","promotion_name":"x","coupons":{"discount_percent":"5",'
NESTED = b"[" * 30 + b"]" * 30
CODES = START + b'"coupon_code":[%s,"A0000001"]}}' % b",".join(
    b'"A%07d"' % number for number in range(1_000_000)
)
PRODUCTS = b'{"promotion_type":"discount","promotion_name":"x","discounts":{"products":[%s]}}' % (
    b",".join(b'{"product_id":%d,"discount_percent":0}' % n for n in range(1, 330_000))
)


def filled(part: bytes) -> bytes:
    """A body of 16 MiB that repeats this part in a list."""
    return b'{"a":[' + b",".join([part] * max(1, SIZE // (len(part) + 1) - 10)) + b"]}"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(filled(NESTED), 110, id="nested 31 deep"),
        pytest.param(filled(b"{}"), 110, id="small objects"),
        pytest.param(filled(b"1"), 110, id="small numbers"),
        pytest.param(filled(b"1e5" + b" " * 9), 11010, id="numbers with exponents"),
        pytest.param(filled(b"9" * 4300), 11010, id="long numbers"),
        pytest.param(filled(b"9" * (SIZE - 100)), 110, id="a giant number"),
        pytest.param(filled(b'"' + b"\\u00e9" * 30 + b'"'), 11010, id="escaped texts"),
        pytest.param(filled(b'"' + b"\\u00e9" * 2_700_000 + b'"'), 11010, id="a giant text"),
        pytest.param(CODES, 11080, id="a million codes"),
        pytest.param(PRODUCTS, 11010, id="many products"),
    ],
)
async def test_a_body_of_16_mib_does_not_stall_the_loop(
    app: Starlette, merchant: Caller, bearer: Bearer, body: bytes, error: int
) -> None:
    async with stalls() as watched:
        answer = await send(app, "POST", "/v1/promotion", {**bearer(merchant), **JSON}, body)
    assert answer.status == 400
    assert b'"error":%d,' % error in b"".join(answer.body)
    print("STALL", watched.longest)
    assert watched.longest < LONGEST
