"""Orders that wait for a lock do not delay other orders."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import httpx

from sconto.domain.codes import CodeType
from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller
from tests.stories.shoppers import an_order, clients

WAITING: Final = 40
Bearer = Callable[[Caller], dict[str, str]]

HOLD: Final = "SELECT FROM codes WHERE merchant_id = $1 AND code_key = 'held' FOR UPDATE"


async def test_forty_orders_for_a_locked_code_delay_no_other_order(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    codes = ("held", *(f"c{number}" for number in range(8)))
    new = a_promotion(codes=codes, code_type=CodeType.ONE_TIME)
    await create_promotion(database, merchant, new, NOON)
    other = await create_caller(database)
    late: list[tuple[int, str | None, float]] = []
    slowest = 0.0

    async def order_held_code(client: httpx.AsyncClient, number: int) -> None:
        began = time.monotonic()
        answer = await client.post("/orders", json=an_order(f"held-{number}", "held"))
        took = time.monotonic() - began
        late.append((answer.status_code, answer.headers.get("Retry-After"), took))

    async with (
        database.write() as holder,
        clients(server, bearer(merchant), WAITING) as waiting,
        clients(server, bearer(merchant), 1) as [same],
        clients(server, bearer(other), 1) as [neighbour],
    ):
        await holder.execute(HOLD, merchant.merchant_id)
        held_up = asyncio.gather(*(order_held_code(c, n) for n, c in enumerate(waiting)))
        await asyncio.sleep(0.5)
        for number in range(8):
            for client, code in ((same, f"c{number}"), (neighbour, "")):
                began = time.monotonic()
                body = an_order(f"A-{number}", *filter(None, [code]))
                assert (await client.post("/orders", json=body)).status_code == 201
                slowest = max(slowest, time.monotonic() - began)
        assert not held_up.done()
        await held_up
    assert {(status, again) for status, again, _ in late} == {(503, "1")}
    assert max(took for *_, took in late) < 8
    assert slowest < 1
    # The code was never used, so the same order gets it now.
    async with clients(server, bearer(merchant), 1) as [client]:
        assert (await client.post("/orders", json=an_order("held-1", "held"))).status_code == 201


async def test_orders_for_a_released_code_are_answered_immediately(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    new = a_promotion(codes=("held",), code_type=CodeType.ONE_TIME)
    await create_promotion(database, merchant, new, NOON)
    async with clients(server, bearer(merchant), WAITING) as waiting:
        async with database.write() as holder:
            await holder.execute(HOLD, merchant.merchant_id)
            ordering = [
                asyncio.create_task(client.post("/orders", json=an_order(f"A-{number}", "held")))
                for number, client in enumerate(waiting)
            ]
            await asyncio.sleep(0.5)
        async with asyncio.timeout(3):
            answers = await asyncio.gather(*ordering)
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * (WAITING - 1)]


async def test_changing_a_locked_order_is_503_until_it_is_free(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    headers = bearer(merchant)
    path = "/checkout/v1/orders"
    assert (await client.post(path, json=an_order("A-1"), headers=headers)).status_code == 201

    async def pay() -> httpx.Response:
        return await client.patch(f"{path}/A-1", json={"status": "paid"}, headers=headers)

    async with database.write() as holder:
        await holder.execute(
            "SELECT FROM orders WHERE merchant_id = $1 FOR UPDATE", merchant.merchant_id
        )
        changing = [asyncio.create_task(pay()) for _ in range(9)]
        replacing = an_order("A-2") | {"replaces": "A-1"}
        changing.append(asyncio.create_task(client.post(path, json=replacing, headers=headers)))
        placed = await client.post(path, json=an_order("A-3"), headers=headers)
        assert placed.status_code == 201
        answers = await asyncio.gather(*changing)
    assert {(one.status_code, one.headers["Retry-After"]) for one in answers} == {(503, "1")}
    assert "Nothing was written" in answers[0].json()["detail"]
    assert (await pay()).json()["status"] == "paid"
