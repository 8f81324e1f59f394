"""The examples of docs/merchant.md, run as one story in the order in which they stand there."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import pytest

from sconto.api.context import Context
from sconto.api.logs import request_log
from sconto.api.merchant.errors import fault
from sconto.api.metrics import Metrics
from sconto.app import build_app
from sconto.domain.people import Role
from sconto.operations import people
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.operations.stock import stock

PAGE: Final = (Path(__file__).parents[2] / "docs" / "merchant.md").read_text()
NOW: Final = datetime(2026, 11, 27, 12, 53, 2, tzinfo=UTC)
ANYTHING: Final = "…"


@dataclass(frozen=True)
class Example:
    """A request of the page, and the answer that stands below it."""

    method: str
    path: str
    body: str | None
    status: int
    answer: Any


def examples() -> list[Example]:
    """The blocks of the page in their order."""
    return [example(block) for block in re.findall(r"^```http\n(.*?)^```$", PAGE, re.M | re.S)]


def example(block: str) -> Example:
    request, _, answer = block.partition("\n\n")
    line, _, body = request.partition("\n")
    method, path = line.split()
    status, _, told = answer.partition("\n")
    shown = ANYTHING if told.strip() == ANYTHING else json.loads(told)
    return Example(method, path, body or None, int(status), shown)


def fits(shown: Any, answered: Any) -> bool:
    """Whether an answer is what the page shows; `…` stands for anything."""
    if shown == ANYTHING:
        return True
    if isinstance(shown, dict) and isinstance(answered, dict):
        return list(shown) == list(answered) and all(
            fits(shown[name], answered[name]) for name in shown
        )
    return bool(shown == answered)


@pytest.fixture
async def shop(
    create_database: Callable[[], str], tokens: Tokens
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a new shop, at the moment of the page; its requests carry a token."""
    database = await Database.open(create_database())
    await people.create_merchant(database, "acme")
    await people.create_user(database, "acme", "marketing", "a long password", Role.ADMIN)

    @asynccontextmanager
    async def open_context() -> AsyncIterator[Context]:
        yield Context(database, tokens, ZoneInfo("UTC"), Metrics(), now=lambda: NOW)

    app = build_app(open_context, request_log("console"))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sconto") as client:
            signed_in = await client.post(
                "/v1/login_check", json={"username": "marketing", "password": "a long password"}
            )
            token = signed_in.json()["token"]
            await stock(database, tokens.caller(token, NOW), [11111, 22222, 33333])
            client.headers["AuthorizationJWT"] = f"Bearer {token}"
            yield client
    await database.close()


async def send(client: httpx.AsyncClient, one: Example) -> httpx.Response:
    headers = {} if one.body is None else {"Content-Type": "application/json"}
    return await client.request(one.method, one.path, content=one.body, headers=headers)


async def test_every_example_is_answered_as_the_page_shows(shop: httpx.AsyncClient) -> None:
    told = examples()
    assert len(told) > 10
    for one in told:
        answer = await send(shop, one)
        assert answer.status_code == one.status, (one, answer.text)
        assert fits(one.answer, answer.json()), (one, answer.text)


BODIES: Final[dict[str, str]] = {
    "time": '{{"date_from": {}}}',
    "percent": '{{"discounts": {{"discount_percent": {}}}}}',
    "product id": '{{"discounts": {{"discount_percent": "5", "product_id": [{}]}}}}',
    "code": '{{"promotion_type": "coupon", "coupons": '
    '{{"discount_percent": "5", "coupon_code": [{}]}}}}',
    "status": '{{"status": {}}}',
}
"""A promotion with a value of each row of the page's table, but for what it needs besides."""

NEEDED: Final = {
    "promotion_type": "discount",
    "promotion_name": "Any",
    "discounts": {"discount_percent": "5"},
}


async def test_values_are_accepted_and_refused_as_the_page_says(shop: httpx.AsyncClient) -> None:
    rows = re.search(r"\| value \| accepted .*?\n\|[-|]+\n(.*?)\n\n", PAGE, re.S)
    assert rows is not None
    kinds = set()
    for row in rows[1].splitlines():
        kind, accepted, refused = (cell.strip() for cell in row.strip("|").split("|"))
        kinds.add(kind)
        for status, cell in ((200, accepted), (400, refused)):
            for value in re.findall(r"`([^`]+)`", cell):
                answer = await shop.post(
                    "/v1/promotion",
                    content=promotion_with(kind, value),
                    headers={"Content-Type": "application/json"},
                )
                assert answer.status_code == status, (kind, value, answer.text)
                if status == 400:
                    assert {error["error"] for error in answer.json()["errors"]} == {11010}
    assert kinds == set(BODIES)


def promotion_with(kind: str, value: str) -> str:
    """The body, with the value spelled as the page spells it."""
    marked = json.loads(BODIES[kind].format('"VALUE"'))
    body = NEEDED | marked
    if body["promotion_type"] == "coupon":
        del body["discounts"]
    return json.dumps(body).replace('"VALUE"', value)


def test_the_page_has_every_error_with_its_message() -> None:
    rows = re.findall(r"^\| ((?:\d+, )*\d+) \| `([^`]+)`", PAGE, re.M)
    told = {int(code): message for codes, message in rows for code in codes.split(", ")}
    assert len(told) == 22
    assert told == {code: fault(code, "{}").message for code in told}
