"""Thirty-two clients hold, order and release on two processes: nothing is promised twice."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.promises import violations
from tests.statistics import get_statistics
from tests.stories.shoppers import an_order, clients, share_out
from tests.stories.test_cart_races import create

Bearer = Callable[[Caller], dict[str, str]]

ATTEMPTS: Final = 20


async def ask(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> httpx.Response:
    """The answer, after retries while the service is busy."""
    for _ in range(ATTEMPTS):
        answer = await client.post(path, json=body)
        if answer.status_code != 503:
            break
    return answer


async def test_a_one_time_code_has_one_holder_at_a_time(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    new = a_promotion(codes=tuple(f"c{i}" for i in range(4)), code_type=CodeType.ONE_TIME)
    promotion_id = await create_promotion(database, merchant, new, NOON)
    orders: Counter[int] = Counter()
    holding: Counter[int] = Counter()

    async def shop(client: httpx.AsyncClient, task: tuple[int, int]) -> None:
        code, number = task
        body = an_order(f"A-{code}-{number}", f"c{code}")
        held = await ask(client, "/holds", body)
        if held.status_code == 409:
            assert held.json()["quote"]["codes"][0]["status"] == "used"
            return
        assert held.status_code == 201, held.text
        holding[code] += 1
        assert holding[code] == 1
        await asyncio.sleep(0)
        holding[code] -= 1
        if number % 4:
            released = await client.delete(f"/holds/A-{code}-{number}")
            assert released.status_code == 204, released.text
            return
        placed = await ask(client, "/orders", body)
        assert (placed.status_code, placed.json()["total"]) == (201, held.json()["total"])
        orders[code] += 1

    async with clients(server, bearer(merchant)) as shoppers:
        await share_out([(code, n) for n in range(1, 33) for code in range(4)], shoppers, shop)
    assert max(orders.values(), default=0) <= 1
    uses = (await get_statistics(database, merchant, promotion_id)).uses
    assert uses == 2 * orders.total()
    assert await violations(database, merchant) == []


@pytest.mark.parametrize(
    ("fields", "customers", "expected"),
    [
        ({"limits": {"total": 7}}, 40, 7),
        ({"limits": {"budget": {"EUR": "75.00"}}}, 40, 7),
        ({"limits": {"per_customer": 2}}, 4, 8),
        ({"conditions": {"first_order": True}}, 4, 4),
    ],
    ids=["total", "budget", "per_customer", "first_order"],
)
async def test_holds_and_orders_share_a_limit_exactly(
    fields: dict[str, Any],
    customers: int,
    expected: int,
    server: str,
    database: Database,
    merchant: Caller,
    bearer: Bearer,
) -> None:
    got: Counter[str] = Counter()

    async def shop(client: httpx.AsyncClient, number: int) -> None:
        body = an_order(f"A-{number}") | {"customer": {"id": f"c-{number % customers}"}}
        promised = None
        if number % 3:
            held = await ask(client, "/holds", body)
            assert held.status_code == 201, held.text
            promised = held.json()["discount"]
        placed = await ask(client, "/orders", body)
        assert placed.status_code == 201, placed.text
        assert promised in (None, placed.json()["discount"])
        got[placed.json()["discount"]] += 1

    async with clients(server, bearer(merchant)) as shoppers:
        await create(shoppers[0], **fields)
        await share_out(range(40), shoppers, shop)
    assert got == {"10.00": expected, "0.00": 40 - expected}
    assert await violations(database, merchant) == []


async def test_two_carts_held_and_ordered_under_few_ids_make_one_order_each(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    codes = tuple(f"c{i}" for i in range(16))
    await create_promotion(
        database, merchant, a_promotion(codes=codes, code_type=CodeType.ONE_TIME), NOON
    )
    placed: Counter[str] = Counter()

    async def shop(client: httpx.AsyncClient, number: int) -> None:
        order_id = f"A-{number % 4}"
        body = an_order(order_id, f"c{number % 16}")
        path = ("/holds", "/orders", "/holds", "release")[number // 16 % 4]
        if path == "release":
            answer = await client.delete(f"/holds/{order_id}")
            assert answer.status_code in (204, 404, 503), answer.text
            return
        answer = await ask(client, path, body)
        assert answer.status_code in (200, 201, 409), answer.text
        placed[order_id] += path == "/orders" and answer.status_code == 201

    async with clients(server, bearer(merchant)) as shoppers:
        await share_out(range(128), shoppers, shop)
    assert set(placed.values()) == {1}
    assert await violations(database, merchant) == []
