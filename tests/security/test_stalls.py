"""No single request blocks the event loop, and with it all other requests."""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette

from sconto.api.clock import read_clock
from sconto.domain.people import Caller
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.security.stalls import send, stalls, tried_again_if_stalled


@dataclass(frozen=True)
class Many:
    """The address of a promotion, and its owner's headers."""

    path: str
    headers: dict[str, str]


Bearer = Callable[[Caller], dict[str, str]]

MIB = 1024 * 1024
JSON = {"Content-Type": "application/json"}

START = b'{"promotion_type":"coupon","promotion_name":"x","coupons":{"discount_percent":"5",'


def coupon(codes: Iterable[bytes]) -> bytes:
    """The body of a promotion with these codes."""
    return START + b'"coupon_code":["%s"]}}' % b'","'.join(codes)


NESTED = b"[" * 30 + b"]" * 30


def many_codes(size: int) -> bytes:
    """Codes, one of them twice; a million in 16 MiB."""
    return coupon([*(b"A%07d" % number for number in range(size // 16)), b"A0000001"])


def many_products(size: int) -> bytes:
    """Products with an invalid percent."""
    products = (b'{"product_id":%d,"discount_percent":0}' % n for n in range(1, size // 50))
    body = b'{"promotion_type":"discount","promotion_name":"x","discounts":{"products":[%s]}}'
    return body % b",".join(products)


def giant_text(size: int) -> bytes:
    """One text of escaped letters."""
    return b'{"a":["%s"]}' % (b"\\u00e9" * (size // 6 - 10))


def filled(part: bytes) -> Callable[[int], bytes]:
    """Makes a body of some size: a list of elements, each of which is the part."""
    return lambda size: b'{"a":[' + b",".join([part] * max(1, size // (len(part) + 1) - 10)) + b"]}"


@pytest.mark.parametrize(
    "size", [6 * MIB, pytest.param(16 * MIB, marks=pytest.mark.soak)], ids=["6 MiB", "16 MiB"]
)
@pytest.mark.parametrize(
    ("make", "error"),
    [
        pytest.param(filled(NESTED), 110, id="nested 31 deep"),
        pytest.param(filled(b"{}"), 110, id="small objects"),
        pytest.param(filled(b"1"), 110, id="small numbers"),
        pytest.param(filled(b"1e5" + b" " * 9), 11010, id="numbers with exponents"),
        pytest.param(filled(b"9" * 4300), 11010, id="long numbers"),
        pytest.param(lambda size: b'{"a":[%s]}' % (b"9" * size), 110, id="a giant number"),
        pytest.param(filled(b'"' + b"\\u00e9" * 30 + b'"'), 11010, id="escaped texts"),
        pytest.param(giant_text, 11010, id="a giant text"),
        pytest.param(many_codes, 11080, id="many codes"),
        pytest.param(many_products, 11010, id="many products"),
    ],
)
@tried_again_if_stalled
async def test_a_large_body_does_not_stall_the_loop(
    app: Starlette,
    merchant: Caller,
    bearer: Bearer,
    make: Callable[[int], bytes],
    error: int,
    size: int,
) -> None:
    body = make(size - 100)
    async with stalls() as watched:
        answer = await send(app, "POST", "/v1/promotion", {**bearer(merchant), **JSON}, body)
    assert answer.status == 400
    assert b'"error":%d,' % error in b"".join(answer.body)
    watched.require_short()


MANY = 40_000


@pytest.fixture(scope="module")
async def many(app: Starlette, database: Database, tokens: Tokens) -> Many:
    """A promotion with many codes, created by one body; the creation must not stall either."""
    headers = {
        "AuthorizationJWT": f"Bearer {tokens.issue(await create_caller(database), read_clock())}"
    }
    return await create(app, headers, MANY)


@tried_again_if_stalled
async def create(app: Starlette, headers: dict[str, str], number: int) -> Many:
    """A promotion with so many codes."""
    body = coupon(b"B%07d" % code for code in range(number))
    async with stalls() as watched:
        answer = await send(
            app,
            "POST",
            "/v1/promotion",
            {**headers, **JSON},
            body,
        )
    watched.require_short()
    return Many(f"/v1/promotion/{json.loads(b''.join(answer.body))['id']}", headers)


@tried_again_if_stalled
async def test_all_codes_of_a_promotion_are_written_in_short_steps(
    app: Starlette, many: Many
) -> None:
    async with stalls() as watched:
        answer = await send(app, "GET", many.path, many.headers)
    watched.require_short()
    found = json.loads(b"".join(answer.body))["coupons"]["coupon_code"]
    assert found == [f"B{number:07}" for number in range(MANY)]


@tried_again_if_stalled
async def test_statistics_of_many_codes_are_written_in_short_steps(
    app: Starlette, many: Many
) -> None:
    body = b'{"id":%s}' % many.path.rpartition("/")[2].encode()
    path = "/v1/promotion/statistics"
    async with stalls() as watched:
        answer = await send(app, "POST", path, {**many.headers, **JSON}, body)
    watched.require_short()
    sent = b"".join(answer.body)
    assert len(sent) == int(answer.headers["content-length"])
    assert len(json.loads(sent)["coupons"]) == MANY


@tried_again_if_stalled
async def test_eight_files_of_many_codes_are_written_in_short_steps(
    app: Starlette, merchant: Caller, bearer: Bearer
) -> None:
    number = MANY // 4  # eight files, each written in one step, would stall the loop
    written = await create(app, bearer(merchant), number)
    headers = {**written.headers, "Accept": "text/csv"}
    async with stalls() as watched:
        answers = await asyncio.gather(
            *(send(app, "GET", f"{written.path}/codes", headers) for _ in range(8))
        )
    watched.require_short()
    assert {sum(part.count(b"\n") for part in answer.body) for answer in answers} == {number + 1}


@tried_again_if_stalled
async def test_changing_many_codes_is_done_in_short_steps(app: Starlette, many: Many) -> None:
    body = coupon(b"b%07d" % number for number in range(MANY, 10, -1))
    async with stalls() as watched:
        answer = await send(
            app,
            "PATCH",
            many.path,
            {**many.headers, **JSON},
            body,
        )
    watched.require_short()
    assert answer.status == 200


@pytest.mark.parametrize("number", [20_000, pytest.param(100_000, marks=pytest.mark.soak)])
@tried_again_if_stalled
async def test_many_codes_of_a_cart_promotion_are_read_and_written_in_short_steps(
    app: Starlette, merchant: Caller, bearer: Bearer, number: int
) -> None:
    headers = {**bearer(merchant), **JSON}
    wanted = [f"C{code:07}" for code in range(number)]
    codes = {"code_type": "one-time", "codes": wanted}
    benefit = {"type": "percent", "percent": "10"}
    terms = {"name": "Ten", "target": "order", "benefit": benefit, "codes": codes}
    path = "/cart/v1/promotions"
    async with stalls() as watched:
        answer = await send(app, "POST", path, headers, json.dumps(terms).encode())
        path = answer.headers["location"]
        read = await send(app, "GET", path, headers)
        body = json.dumps({"codes": codes | {"codes": wanted[::-1]}}).encode()
        changed = await send(app, "PATCH", path, headers, body)
    watched.require_short()
    assert json.loads(b"".join(answer.body))["codes"]["codes"] == wanted
    assert json.loads(b"".join(read.body))["codes"]["codes"] == wanted
    assert json.loads(b"".join(changed.body))["codes"]["codes"] == wanted[::-1]
