"""Turns: how many large requests of one merchant run together."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from sconto.domain.problems import TooManyLargeRequests
from sconto.operations.turns import Turns, in_thread


async def test_each_merchant_has_two_turns_of_its_own() -> None:
    turns = Turns(most_running=2, most_waiting=8, timeout=0.01)
    async with turns.of(1), turns.of(1), turns.of(2):
        with pytest.raises(TooManyLargeRequests):
            async with turns.of(1):
                pass
        async with turns.of(2):
            pass


async def test_a_waiting_request_gets_a_turn_that_is_given_back() -> None:
    turns = Turns(most_running=1, most_waiting=8, timeout=60)
    async with AsyncExitStack() as held:
        await held.enter_async_context(turns.of(1))

        async def wait() -> bool:
            async with turns.of(1):
                return True

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        assert not waiting.done()
    assert await waiting


async def test_requests_beyond_the_queue_are_refused_immediately() -> None:
    turns = Turns(most_running=1, most_waiting=2, timeout=60)

    async def wait() -> None:
        async with turns.of(1):
            pass

    async with turns.of(1):
        waiting = [asyncio.create_task(wait()) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyLargeRequests) as refused:
            await wait()
        assert refused.value.retry_after > 0
    await asyncio.gather(*waiting)


async def test_a_cancelled_wait_or_a_failed_turn_frees_the_turn() -> None:
    turns = Turns(most_running=1, most_waiting=2, timeout=60)

    async def wait() -> None:
        async with turns.of(1):
            raise ValueError

    for _ in range(5):
        async with turns.of(1):
            waiting = asyncio.create_task(wait())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        with pytest.raises(ValueError):  # noqa: PT011  # that one
            await wait()
    async with turns.of(1):
        pass


async def test_a_call_in_a_thread_returns_and_raises_as_a_direct_call() -> None:
    assert await in_thread(divmod, 7, 3) == (2, 1)
    with pytest.raises(ZeroDivisionError):
        await in_thread(divmod, 7, 0)
