"""Requests of several merchants take turns. Requests without a caller do not."""

import asyncio
from collections.abc import Callable

import httpx

from sconto.domain.people import Caller
from sconto.store.database import Database
from tests.conftest import create_caller

LIST = "/v1/promotion"


async def test_callers_of_two_merchants_take_turns_and_others_do_not(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    turns = database.fair_turns
    callers = (merchant, await create_caller(database))
    for caller in callers:
        assert (await client.get(LIST, headers=bearer(caller))).status_code == 200
    assert turns.is_shared

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


async def test_figures_count_the_steps_that_waited(client: httpx.AsyncClient) -> None:
    figures = (await client.get("/metrics")).text
    assert "\nsconto_turns_waited_total " in figures
