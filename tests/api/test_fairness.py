"""Few requests of each merchant are served at a time. Requests without a caller take no turns."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest

from sconto.domain.order import Placed
from sconto.domain.people import Caller
from sconto.operations import checkout
from sconto.operations.checkout import place_order
from sconto.store.database import Database
from sconto.store.fair_turns import FairTurns
from tests.conftest import create_caller
from tests.stories.shoppers import an_order

LIST: Final = "/v1/promotion"
ORDERS: Final = "/checkout/v1/orders"
QUOTES: Final = "/checkout/v1/quotes"


async def test_callers_of_two_merchants_take_turns_and_others_do_not(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns = FairTurns(alone_after=60)
    monkeypatch.setattr(database, "fair_turns", turns)
    callers = (merchant, await create_caller(database))
    for caller in callers:
        assert (await client.get(LIST, headers=bearer(caller))).status_code == 200

    before = turns.waited
    answers = await asyncio.gather(
        *(client.get(LIST, headers=bearer(caller)) for caller in callers for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert turns.waited > before

    before = turns.waited
    answers = await asyncio.gather(
        *(client.get("/health/live") for _ in range(8)),
        *(client.get(LIST, headers={"authorization": "Bearer nobody"}) for _ in range(8)),
    )
    assert {answer.status_code for answer in answers} == {200, 401}
    assert turns.waited == before


async def test_a_flood_of_orders_has_one_running_during_another_merchants_quotes(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # However busy the machine is, no turn ends before its request.
    turns = FairTurns(alone_after=60, most_idle=60, longest_turn=60)
    monkeypatch.setattr(database, "fair_turns", turns)
    running, most = 0, 0

    async def place_counted(*arguments: Any) -> Placed:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await place_order(*arguments)
        finally:
            running -= 1

    monkeypatch.setattr(checkout, "place_order", place_counted)
    other = bearer(await create_caller(database))

    async def flood(prefix: str, *, during: bool) -> int:
        """The most orders of a flood that ran together."""
        nonlocal most
        most = 0
        orders = [an_order(f"{prefix}-{number}") for number in range(16)]
        sent = [client.post(ORDERS, json=one, headers=bearer(merchant)) for one in orders]
        if during:
            quoted = {key: value for key, value in orders[0].items() if key != "order_id"}
            sent.insert(0, client.post(QUOTES, json=quoted, headers=other))
        answers = await asyncio.gather(*sent)
        assert Counter(one.status_code for one in answers) == Counter({201: 16, 200: during})
        return most

    assert await flood("alone", during=False) > 1
    assert await flood("during", during=True) == 1


async def test_figures_count_the_requests_that_waited(client: httpx.AsyncClient) -> None:
    figures = (await client.get("/metrics")).text
    assert "\nsconto_turns_waited_total " in figures
