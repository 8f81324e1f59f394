"""Merchants that send requests concurrently take turns, and one that is alone never waits."""

import asyncio
from contextlib import suppress
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sconto.store.fair_turns import FairTurns, Queues

FLOOD, OTHER = 1, 2


class Steps:
    """Steps of requests, noted in the order in which they start."""

    def __init__(self, turns: FairTurns) -> None:
        self._turns = turns
        self.started: list[int] = []

    def ask(self, merchant_id: int) -> asyncio.Task[None]:
        """A request that starts as soon as it has its turn."""
        return asyncio.create_task(self._start(merchant_id))

    async def _start(self, merchant_id: int) -> None:
        await self._turns.wait(merchant_id)
        self.started.append(merchant_id)


async def shared() -> FairTurns:
    """Turns that two merchants have requested recently; nobody waits."""
    turns = FairTurns()
    for merchant_id in (FLOOD, OTHER):
        await turns.wait(merchant_id)
    for _ in range(10):
        await asyncio.sleep(0)
    assert turns.is_shared
    return turns


@given(st.lists(st.integers(1, 4), max_size=30))
def test_each_merchant_has_a_turn_before_one_has_two(merchants: list[int]) -> None:
    queues: Queues[tuple[int, int]] = Queues()
    for number, merchant_id in enumerate(merchants):
        queues.put(merchant_id, (merchant_id, number))
    taken: list[tuple[int, int]] = []
    while queues:
        following = queues.next_but(None)
        assert following is not None
        taken.append(queues.take(following))

    assert sorted(taken, key=lambda one: one[1]) == [
        (merchant_id, number) for number, merchant_id in enumerate(merchants)
    ]
    for merchant_id in set(merchants):
        own = [number for one, number in taken if one == merchant_id]
        assert own == sorted(own)
        places = [place for place, (one, _) in enumerate(taken) if one == merchant_id]
        for first, second in pairwise(places):
            between = [one for one, _ in taken[first + 1 : second]]
            assert len(between) == len(set(between))


def test_a_merchant_that_asks_alone_never_waits() -> None:
    async def ask() -> None:
        turns = FairTurns()
        for _ in range(100):
            step = turns.wait(FLOOD)
            with suppress(StopIteration):
                step.send(None)
                raise AssertionError("it waited")
        assert not turns.is_shared
        assert turns.waited == 0

    asyncio.run(ask())


async def test_a_request_beside_a_flood_starts_after_at_most_one_of_it() -> None:
    steps = Steps(await shared())
    requests = [steps.ask(FLOOD) for _ in range(16)]
    for _ in range(6):
        await asyncio.sleep(0)
    before = len(steps.started)
    assert 0 < before < 5
    requests.append(steps.ask(OTHER))
    await asyncio.gather(*requests)
    assert steps.started.index(OTHER) <= before + 1
    assert steps.started.count(FLOOD) == 16


async def test_waiting_merchants_have_one_step_each_in_rotation() -> None:
    steps = Steps(await shared())
    requests = [steps.ask(merchant_id) for merchant_id in (1, 1, 1, 2, 3, 2, 3)]
    await asyncio.gather(*requests)
    # The first of 1 and of 2 find nobody waiting.
    assert steps.started == [1, 2, 1, 3, 2, 1, 3]


async def test_nothing_else_of_the_flood_starts_while_the_other_continues() -> None:
    turns = await shared()
    steps = Steps(turns)
    flood = [steps.ask(FLOOD) for _ in range(8)]

    async def go_on() -> None:
        for _ in range(3):
            # As from a step to its statement, and from its rows to its next step.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            await turns.wait(OTHER)
            steps.started.append(OTHER)

    await asyncio.gather(go_on(), *flood)
    last = len(steps.started) - 1 - steps.started[::-1].index(OTHER)
    assert steps.started[: last + 1].count(FLOOD) <= 4


async def test_cancelled_requests_leave_the_turns_to_the_others() -> None:
    steps = Steps(await shared())
    flood = [steps.ask(FLOOD) for _ in range(8)]
    others = [steps.ask(OTHER) for _ in range(4)]
    await asyncio.sleep(0)
    for request in (*flood[2:6], *others[1:]):
        request.cancel()
    await asyncio.gather(*flood, *others, return_exceptions=True)
    assert steps.started.count(FLOOD) == 4
    assert steps.started.count(OTHER) == 1
    # Nobody waits any more, so the next one starts immediately.
    for _ in range(6):
        await asyncio.sleep(0)
    await asyncio.wait_for(steps.ask(FLOOD), 1)


async def test_a_merchant_is_alone_again_after_a_while() -> None:
    turns = FairTurns(alone_after=0)
    for merchant_id in (FLOOD, OTHER):
        await turns.wait(merchant_id)
    assert turns.is_shared
    await turns.wait(OTHER)
    assert not turns.is_shared
