"""The examples of docs/merchant.md, run as one story in the order of the page."""

import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Final

import httpx
import pytest

from sconto.api.merchant.errors import fault
from sconto.domain.people import Role
from sconto.operations import people
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.operations.stock import stock
from tests.trust.manuals import DOCS, check_examples, read_examples, serve

PAGE: Final = (DOCS / "merchant.md").read_text()
NOW: Final = datetime(2026, 11, 27, 12, 53, 2, tzinfo=UTC)


@pytest.fixture
async def shop(
    create_database: Callable[[], str], tokens: Tokens
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a new shop, at the moment of the page; its requests carry a token."""
    database = await Database.open(create_database())
    await people.create_merchant(database, "acme")
    await people.create_user(database, "acme", "marketing", "a long password", Role.ADMIN)
    async with serve(database, tokens, lambda: NOW) as client:
        signed_in = await client.post(
            "/v1/login_check", json={"username": "marketing", "password": "a long password"}
        )
        token = signed_in.json()["token"]
        await stock(database, tokens.caller(token, NOW), [11111, 22222, 33333])
        client.headers["AuthorizationJWT"] = f"Bearer {token}"
        yield client


async def test_every_example_is_answered_as_the_page_shows(shop: httpx.AsyncClient) -> None:
    examples = read_examples("merchant.md")
    assert len(examples) > 10
    await check_examples(shop, examples)


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
    """The body, with the value spelled as on the page."""
    marked = json.loads(BODIES[kind].format('"VALUE"'))
    body = NEEDED | marked
    if body["promotion_type"] == "coupon":
        del body["discounts"]
    return json.dumps(body).replace('"VALUE"', value)


def test_the_page_has_every_error_with_its_message() -> None:
    rows = re.findall(r"^\| ((?:\d+, )*\d+) \| `([^`]+)`", PAGE, re.M)
    found = {int(code): message for codes, message in rows for code in codes.split(", ")}
    assert len(found) == 22
    assert found == {code: fault(code, "{}").message for code in found}
