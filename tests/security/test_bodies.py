"""Sender, role and encoding are checked before a body is read."""

from collections.abc import Callable

import httpx
import pytest
from starlette.applications import Starlette

from sconto.api.bodies import SMALL
from sconto.domain.people import Caller, Role
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.security.endpoints import PUBLIC, Things, body_of, operations_of
from tests.security.stalls import PIECE, SentAnswer, send

Bearer = Callable[[Caller], dict[str, str]]

NOBODYS = Things(1, 1, "none", "none", "1", "none", "0", 1)
JSON = {"Content-Type": "application/json"}
BODY = b"{" * 1000
LARGE = b"{" * 1_000_000


@pytest.fixture
async def addresses(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    """The addresses that take a body, with their parameters filled in."""
    found = [
        (method, NOBODYS.fill(path))
        for method, path in await operations_of(client)
        if (method, path) not in PUBLIC and body_of(method, path, NOBODYS)
    ]
    assert len(found) > 12
    return found


def is_denied(answer: SentAnswer) -> bool:
    return answer.status == 403 or b'"error":11000,' in b"".join(answer.body)


async def test_no_body_is_read_from_a_sender_without_permission(
    app: Starlette, addresses: list[tuple[str, str]], database: Database, bearer: Bearer
) -> None:
    denied = 0
    for role in Role:
        caller = await create_caller(database, role)
        for method, path in addresses:
            other_merchant = await send(app, method, path, JSON, BODY)
            assert (other_merchant.status, other_merchant.taken) == (401, 0), path
            answer = await send(app, method, path, {**bearer(caller), **JSON}, LARGE)
            assert answer.status in (400, 403, 413), path
            assert not (is_denied(answer) and answer.taken), path
            denied += is_denied(answer)
    assert denied > 12


async def test_little_is_read_of_a_chunked_body_from_a_sender_without_permission(
    app: Starlette, addresses: list[tuple[str, str]], database: Database, bearer: Bearer
) -> None:
    viewer = {**bearer(await create_caller(database, Role.VIEWER)), **JSON, "content-length": ""}
    for method, path in addresses:
        answer = await send(app, method, path, viewer, LARGE)
        assert answer.taken <= (SMALL + PIECE if is_denied(answer) else len(LARGE)), path


async def test_no_compressed_body_is_read(
    app: Starlette, addresses: list[tuple[str, str]], merchant: Caller, bearer: Bearer
) -> None:
    for method, path in addresses:
        for coding in ("gzip", "GZIP", "identity, br", "unknown"):
            headers = {**bearer(merchant), **JSON, "Content-Encoding": coding}
            answer = await send(app, method, path, headers, BODY)
            assert answer.taken == 0, path
            if path.startswith("/v1/"):
                assert b'{"error":111,' in b"".join(answer.body)
            elif path.startswith("/promotion/"):
                assert (answer.status, b"compressed" in b"".join(answer.body)) == (400, True)
            else:
                assert answer.status == 415
        headers = {**bearer(merchant), **JSON, "Content-Encoding": "identity"}
        assert (await send(app, method, path, headers, BODY)).taken == len(BODY)


async def test_no_compressed_sign_in_or_file_is_read(
    app: Starlette, merchant: Caller, bearer: Bearer
) -> None:
    gzip = {"Content-Encoding": "gzip"}
    sign_in = await send(app, "POST", "/v1/login_check", {**JSON, **gzip}, BODY)
    csv = {**bearer(merchant), "Content-Type": "text/csv", **gzip}
    file = await send(app, "POST", "/v1/promotion/1/codes", csv, BODY)
    for answer in (sign_in, file):
        assert (answer.status, answer.taken) == (400, 0)
        assert b'{"error":111,' in b"".join(answer.body)


async def test_the_largest_documented_bodies_are_accepted(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer
) -> None:
    """Every character is escaped, as some clients do, and needs more than 16 bits."""
    letter = "\\ud83d\\ude00"
    lines = ",".join(
        f'{{"line_id":"{letter * 61}{number:03}","product_id":{2**63 - 1},"quantity":1000000,'
        '"unit_price":"999999999999.99"}'
        for number in range(500)
    )
    codes = ",".join([f'"{letter * 255}"'] * 20)
    cart = f'{{"currency":"EUR","lines":[{lines}],"codes":[{codes}]}}'
    products = ",".join(
        f'{{"product_id":{number},"name":"{letter * 255}","price":"999999999999.99",'
        '"currency":"EUR"}'
        for number in range(1, 1001)
    )
    discounts = ",".join(
        f'{{"code":"{letter * 255}","addedAt":"2026-01-01T00:00:00+00:00",'
        '"terminationCriteria":{"orderOrdinal":1}}'
        for _ in range(1000)
    )
    contract = (
        '{"subscriptionContract":{"createdAt":null,"subscriptionTypeId":"monthly",'
        f'"discounts":[{discounts}]}},"promotionCode":"none"}}'
    )
    headers = {**bearer(merchant), **JSON}
    for method, path, body, status in (
        ("POST", "/checkout/v1/quotes", cart, 200),
        ("PUT", "/catalog/v1/products", f'{{"products":[{products}]}}', 200),
        ("POST", "/promotion/v1/promotion-codes/_apply", contract, 404),
    ):
        answer = await client.request(method, path, content=body.encode(), headers=headers)
        assert answer.status_code == status, answer.text[:500]
