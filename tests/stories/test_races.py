"""Thirty-two clients race on two processes: nothing counts twice, and nothing is lost."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

import httpx

from sconto.domain.codes import CodeType
from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_promotion
from tests.promises import violations
from tests.statistics import get_statistics
from tests.store.priced import price_order
from tests.stories.shoppers import an_order, clients, share_out

CLIENTS: Final = 32
Bearer = Callable[[Caller], dict[str, str]]


async def one_time_promotion(database: Database, merchant: Caller, codes: int) -> int:
    new = a_promotion(codes=tuple(f"c{i}" for i in range(codes)), code_type=CodeType.ONE_TIME)
    return await create_promotion(database, merchant, new, NOON)


async def test_a_one_time_code_serves_exactly_one_order(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    promotion_id = await one_time_promotion(database, merchant, codes=10)
    answers: Counter[tuple[int, int]] = Counter()

    async def order(client: httpx.AsyncClient, task: tuple[int, int]) -> None:
        code, number = task
        body = an_order(f"{code}-{number}", f"C{code}")
        answer = await client.post("/orders", json=body)
        answers[code, answer.status_code] += 1
        if answer.status_code == 409:
            assert answer.json()["quote"]["total"] == "20.00"

    async with clients(server, bearer(merchant)) as shoppers:
        tasks = [(code, number) for code in range(10) for number in range(CLIENTS)]
        await share_out(tasks, shoppers, order)
    assert answers == Counter(
        {(code, 201): 1 for code in range(10)} | {(code, 409): CLIENTS - 1 for code in range(10)}
    )
    statistics = await get_statistics(database, merchant, promotion_id)
    assert statistics.uses == 20
    assert statistics.codes is not None
    assert [code.uses for code in statistics.codes] == [2] * 10
    assert await violations(database, merchant) == []


async def test_a_one_time_code_passed_on_by_replacements_counts_each_redemption(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    promotion_id = await one_time_promotion(database, merchant, codes=4)
    last: dict[int, str] = {}

    async def order(client: httpx.AsyncClient, order_id: tuple[int, int, int]) -> None:
        code, turn, _ = order_id
        body = an_order("{}-{}-{}".format(*order_id), f"c{code}")
        if turn:
            body["replaces"] = before[code]
        answer = await client.post("/orders", json=body)
        assert answer.status_code in ({201, 409, 422} if turn else {201, 409})
        if answer.status_code == 201:
            assert code not in last
            last[code] = answer.json()["order_id"]

    async with clients(server, bearer(merchant)) as shoppers:
        for turn in range(9):
            before, last = last, {}
            rivals = [(code, turn, rival) for code in range(4) for rival in range(6)]
            await share_out(rivals, shoppers, order)
            assert set(last) == set(range(4))
    statistics = await get_statistics(database, merchant, promotion_id)
    assert statistics.uses == 4 * 9 * 2
    assert [code.uses for code in statistics.codes or ()] == [9 * 2] * 4
    assert await violations(database, merchant) == []


async def test_400_requests_for_40_order_ids_make_40_orders(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    once = await one_time_promotion(database, merchant, codes=40)
    always = await create_promotion(database, merchant, a_promotion(), NOON)
    answers: Counter[int] = Counter()
    bodies: dict[str, set[str]] = {}

    async def order(client: httpx.AsyncClient, number: int) -> None:
        answer = await client.post("/orders", json=an_order(f"A-{number}", f"c{number}"))
        answers[answer.status_code] += 1
        bodies.setdefault(f"A-{number}", set()).add(answer.text)

    async with clients(server, bearer(merchant)) as shoppers:
        await share_out((n for n in range(40) for _ in range(10)), shoppers, order)
    assert answers == {201: 40, 200: 360}
    assert [len(texts) for texts in bodies.values()] == [1] * 40
    for promotion_id in (once, always):
        assert (await get_statistics(database, merchant, promotion_id)).uses == 80


async def test_an_open_order_blocks_no_other_order(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    await one_time_promotion(database, merchant, codes=40)
    shared = await create_promotion(database, merchant, a_promotion(codes=("shared",)), NOON)
    automatic = await create_promotion(database, merchant, a_promotion(), NOON)

    async def order(client: httpx.AsyncClient, number: int) -> None:
        body = an_order(f"A-{number}", f"c{number}" if number % 2 else "shared")
        assert (await client.post("/orders", json=body)).status_code == 201

    async with (
        database.write() as connection,
        clients(server, bearer(merchant)) as shoppers,
        asyncio.timeout(20),
    ):
        cart = a_cart(codes=("c0", "shared"))
        held = await price_order(connection, merchant, "held", cart)
        await held.insert(connection)
        await share_out(range(1, 40), shoppers, order)
    assert (await get_statistics(database, merchant, shared)).uses == 39
    assert (await get_statistics(database, merchant, automatic)).uses == 79
