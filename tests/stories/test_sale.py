"""No process answers with a price older than an acknowledged edit."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Final

import httpx

from sconto.domain.coverage import ListedProducts
from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from sconto.store.promotions import lock_promotions
from tests.builders import NOON, a_promotion
from tests.operations.stock import stock
from tests.services import wait_until
from tests.stories.sale import PRODUCTS, Numbers, Sale, Seen, ask_for_a_quote, ask_for_an_order
from tests.stories.shoppers import an_order, clients, share_out

EDITS: Final = 12
Bearer = Callable[[Caller], dict[str, str]]


async def test_no_process_uses_an_old_price_although_editors_are_killed(
    database_url: str, database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, PRODUCTS)
    new = a_promotion(coverage=ListedProducts(1, PRODUCTS))
    promotion_id = await create_promotion(database, merchant, new, NOON)
    sale = Sale.opened(database_url, merchant, promotion_id)
    numbers = sale.numbers
    watchers = [sale.start_watcher(ask) for ask in (ask_for_a_quote, ask_for_an_order)]
    editors = [sale.start_editor(turn) for turn in range(2)]
    for turn, editor in enumerate(editors):
        await rises(numbers, "percent", by=10)
        for _, seen in watchers:
            await rises(seen, "asked", by=25)
        await asyncio.sleep(turn * 0.002)
        editor.kill()
        editor.join()
        numbers.turn += 1
    # The last edit may still be running.
    async with database.write() as connection:
        await lock_promotions(connection, merchant.merchant_id)
    numbers.over = True
    for watcher, _ in watchers:
        await asyncio.to_thread(watcher.join)
        assert watcher.exitcode == 0
    priced = await ask_for_a_quote(database, merchant, "")
    [percent] = {pick.percent for line in priced.lines for pick in line.picks}
    assert percent in (numbers.percent, numbers.percent + 1)
    assert [(seen.behind, seen.torn, seen.last) for _, seen in watchers] == [(0, 0, percent)] * 2


async def test_no_http_answer_is_older_than_an_acknowledged_edit(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    promotion_id = await create_promotion(database, merchant, a_promotion(), NOON)
    url, percent = f"{server}/v1/promotion/{promotion_id}", 10
    numbers, asked = count(), set()

    async with clients(server, bearer(merchant), number=9) as (editor, *shoppers):

        async def ask(shopper: httpx.AsyncClient, number: int) -> None:
            acknowledged = percent
            body = an_order(f"A-{number}")
            if number % 2:
                del body["order_id"]
            answer = await shopper.post("/quotes" if number % 2 else "/orders", json=body)
            assert answer.status_code in (200, 201)
            for line in answer.json()["lines"]:
                assert acknowledged <= int(line["discount_percent"]) <= percent + 1
            asked.add((number % 2, acknowledged))

        async def keep_asking(shopper: httpx.AsyncClient) -> None:
            while percent < 10 + EDITS:
                await ask(shopper, next(numbers))
                await asyncio.sleep(0.005)

        async with asyncio.TaskGroup() as group:
            for shopper in shoppers:
                group.create_task(keep_asking(shopper))
            for raised in range(11, 11 + EDITS):
                discounts = {"discount_percent": str(raised)}
                body = {"promotion_type": "discount", "discounts": discounts}
                answer = await editor.patch(url, json=body)
                assert answer.status_code == 200
                percent = raised
        await share_out(range(-20, 0), shoppers, ask)
    assert len(asked) > EDITS


async def rises(numbers: Numbers | Seen, name: str, *, by: int) -> None:
    """Wait until a number has risen by this much."""
    least = getattr(numbers, name) + by
    await asyncio.to_thread(wait_until, lambda: getattr(numbers, name) >= least)
