"""Slots are limited by key and together, and waiting keys are served in turn."""

import asyncio
from collections import Counter

import pytest

from sconto.store.slots import NoSlot, Slots


def within(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_a_merchant_never_has_more_than_its_share() -> None:
    slots = Slots(each=2, together=3)
    for merchant in (1, 1, 2):
        await slots.take(merchant, within(1))
    with pytest.raises(NoSlot):
        await slots.take(1, within(0.01))
    slots.give_back(2)
    with pytest.raises(NoSlot):
        await slots.take(1, within(0.01))
    await slots.take(2, within(1))
    assert slots.waiting == 0


async def test_waiting_merchants_are_served_in_turn_and_their_requests_in_order() -> None:
    slots = Slots(each=1, together=1)
    await slots.take(0, within(1))
    served: list[tuple[int, int]] = []

    async def work(merchant: int, number: int) -> None:
        await slots.take(merchant, within(5))
        served.append((merchant, number))
        await asyncio.sleep(0)
        slots.give_back(merchant)

    asked = [(1, 0), (1, 1), (1, 2), (2, 0), (3, 0), (2, 1)]
    tasks = [asyncio.create_task(work(*one)) for one in asked]
    await asyncio.sleep(0)
    slots.give_back(0)
    await asyncio.gather(*tasks)
    assert served == [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (1, 2)]


async def test_cancelled_requests_leave_all_slots_free() -> None:
    slots = Slots(each=2, together=2)
    running: Counter[str] = Counter()

    async def work(merchant: int) -> None:
        await slots.take(merchant, within(5))
        try:
            running["now"] += 1
            running["most"] = max(running["most"], running["now"])
            await asyncio.sleep(0)
        finally:
            running["now"] -= 1
            slots.give_back(merchant)

    tasks = [asyncio.create_task(work(number % 3)) for number in range(300)]
    for step, task in enumerate(tasks):
        if step % 2:
            task.cancel()
        if step % 7 == 0:
            await asyncio.sleep(0)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert slots.waiting == 0
    assert running["most"] == 2
    for _ in range(2):
        await slots.take(1, within(0.01))


async def test_one_request_at_a_time_holds_a_key_and_other_keys_are_free() -> None:
    slots = Slots(each=1)
    async with slots.hold([(1, "A"), (1, 7)], within(0.05)):
        for other in ((2, "A"), (1, "B"), (1, "7")):
            async with slots.hold([other], within(0.05)):
                pass
        with pytest.raises(NoSlot):
            async with slots.hold([(1, 7)], within(0.05)):
                raise AssertionError("two together")
    async with slots.hold([(1, 7), (1, "A")], within(1)):
        pass


async def test_beyond_the_longest_queue_a_request_is_refused_immediately() -> None:
    slots = Slots(each=1, waiting=1)
    await slots.take(1, within(1))
    waiting = asyncio.create_task(slots.take(1, within(60)))
    await asyncio.sleep(0)
    with pytest.raises(NoSlot):
        await slots.take(1, within(60))
    await slots.take(2, within(1))
    slots.give_back(1)
    await waiting


async def test_a_body_that_times_out_is_not_taken_for_a_missing_slot() -> None:
    slots = Slots(each=1)
    with pytest.raises(TimeoutError):
        async with slots.hold([1], within(1)):
            raise TimeoutError
    await slots.take(1, within(0.01))
