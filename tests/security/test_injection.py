"""Text with a meaning for databases, spreadsheets, pages or logs, in every text field."""

import asyncio
import json
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any, Final
from urllib.parse import quote as quoted

import httpx
import pytest

from sconto.domain.people import Caller
from sconto.domain.spreadsheet import shown_as_text
from sconto.operations.check import check
from sconto.store.database import Database
from tests.security.endpoints import PUBLIC, Things, body_of, operations_of

Bearer = Callable[[Caller], dict[str, str]]

PROBES: Final = (
    "' OR '1'='1",
    "'; DROP TABLE orders; --",
    "1); SELECT pg_sleep(5); --",
    "' UNION SELECT password_hash FROM users --",
    "$1::int",
    "%' AND 1=1 --",
    "\\'; --",
    "{{7*7}}",
    "%s %(x)s {0}",
    "${jndi:ldap://127.0.0.1/x}",
    "\u0000",
    "\ud800",
)

FIRST: Final = ("'; DROP TABLE orders; --", "\u0000", "\ud800")
"""Each field gets each of these; in `make test` it gets one of the others, in the soak each."""

OTHERS: Final = tuple(probe for probe in PROBES if probe not in FIRST)

OWN: Final = Things(1, 11111, "order", "CODE", "1", "SUBSCRIPTION", "1", 1)


def with_probe(value: Any, probes: Iterator[str]) -> Iterator[Any]:
    """Copies of a body, each with the next probe instead of one text or number."""
    if isinstance(value, dict):
        for name, inner in value.items():
            for changed in with_probe(inner, probes):
                yield value | {name: changed}
            yield value | {next(probes): inner}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for changed in with_probe(inner, probes):
                yield [*value[:place], changed, *value[place + 1 :]]
    else:
        yield next(probes)


@pytest.mark.parametrize(
    "probes",
    [
        *((probe,) for probe in FIRST),
        OTHERS,
        *(pytest.param((probe,), marks=pytest.mark.soak) for probe in OTHERS),
    ],
    ids=lambda probes: "the others in turn" if probes == OTHERS else probes[0],
)
async def test_no_text_in_any_field_reaches_the_database_as_a_statement(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    bearer: Bearer,
    probes: tuple[str, ...],
) -> None:
    next_probes = cycle(probes)
    async with database.read() as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        before = await connection.fetchval(tables)
        for method, path in await operations_of(client):
            if (method, path) in PUBLIC - {("POST", "/v1/login_check")}:
                continue
            body = body_of(method, path, OWN) or {"username": "ada", "password": "secret"}
            sent = (
                [json.dumps(one) for one in with_probe(body, next_probes)]
                if method != "GET"
                else []
            )
            headers = bearer(merchant) | {"Content-Type": "application/json"}
            for content in sent:
                async with asyncio.timeout(4):
                    answer = await client.request(
                        method, OWN.fill(path), content=content, headers=headers
                    )
                assert answer.status_code < 500, f"{method} {path} {content}: {answer.text}"
                assert "syntax error" not in answer.text
        assert await connection.fetchval(tables) == before


@pytest.mark.parametrize("probe", PROBES[:-1])
async def test_no_text_in_an_address_reaches_the_database_as_a_statement(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer, probe: str
) -> None:
    document = (await client.get("/openapi.json")).json()["paths"]
    for path, methods in document.items():
        if "get" not in methods or ("GET", path) in PUBLIC:
            continue
        queries = [
            one["name"] for one in methods["get"].get("parameters", ()) if one["in"] == "query"
        ]
        asked = [(OWN.fill(path), {name: probe}) for name in queries]
        if "{" in path:
            odd = path.partition("{")[0] + quoted(probe, safe="")
            asked.append((odd, {}))
        for address, query in asked:
            async with asyncio.timeout(4):
                answer = await client.get(address, params=query, headers=bearer(merchant))
            assert answer.status_code < 500, f"{address} {query}: {answer.text}"


@pytest.mark.parametrize(
    "text",
    [
        *PROBES[:-2],
        "%' OR name_folded LIKE '%",
        "___",
        "%%%",
        "\\'; SELECT pg_sleep(5); --",
        "$1::text || pg_sleep(5)",
    ],
)
async def test_text_stays_text_whatever_it_contains(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer, text: str
) -> None:
    headers = bearer(merchant)

    async def ask(method: str, path: str, body: Any = None, **query: str) -> Any:
        async with asyncio.timeout(4):
            answer = await client.request(method, path, json=body, params=query, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    promotion = body_of("POST", "/v1/promotion", OWN)
    del promotion["coupons"]["product_id"]
    await ask("POST", "/v1/promotion", promotion)
    named = await ask("POST", "/v1/promotion", promotion | {"promotion_name": text})
    assert await ask("GET", "/v1/promotion", search_string=text) == {"ids": [named["id"]]}
    line = {"line_id": "1", "product_id": 1, "quantity": 1, "unit_price": "10.00"}
    cart = {"currency": "EUR", "lines": [line], "codes": [text]}
    await ask("POST", "/checkout/v1/orders", cart | {"order_id": text})
    quote = await ask("POST", "/checkout/v1/quotes", cart)
    assert quote["codes"] == [{"code": text, "status": "unknown"}]
    product = {"product_id": 1, "name": text, "price": "1.00", "currency": "EUR"}
    await ask("PUT", "/catalog/v1/products", {"products": [product]})
    listed = await ask("GET", "/catalog/v1/products", search=text)
    assert [one["name"] for one in listed["products"]] == [text]


async def test_a_name_is_stored_and_returned_unchanged(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    names = [*PROBES[:-2], "<script>alert(1)</script>", '=HYPERLINK("http://127.0.0.1")']
    products = [
        {"product_id": number, "name": name, "price": "1.00", "currency": "EUR"}
        for number, name in enumerate(names, 1)
    ]
    put = await client.put(
        "/catalog/v1/products", json={"products": products}, headers=bearer(merchant)
    )
    assert put.is_success, put.text
    answer = await client.get("/catalog/v1/products", headers=bearer(merchant))
    assert answer.headers["Content-Type"].startswith("application/json")
    assert [product["name"] for product in answer.json()["products"]] == names
    async for checked in check(database, merchant.merchant_id):
        assert not checked.violations


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_formula_is_written_for_a_spreadsheet(start: str) -> None:
    assert shown_as_text(f"{start}cmd|' /C calc'!A0").startswith("'")
    assert shown_as_text(f"plain{start}") == f"plain{start}"
