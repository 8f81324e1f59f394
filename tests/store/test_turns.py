"""Slots are shared between merchants; a line lets one at a time through."""

import asyncio
from collections import Counter

import pytest

from sconto.store.turns import KeyedLocks, LockTimeout, Slots


async def test_a_merchant_never_has_more_than_its_share() -> None:
    slots = Slots(total=3, share=2)
    for merchant in (1, 1, 2):
        await slots.take(merchant, 1)
    with pytest.raises(TimeoutError):
        await slots.take(1, 0.01)
    slots.give_back(2)
    with pytest.raises(TimeoutError):
        await slots.take(1, 0.01)
    await slots.take(2, 1)
    assert slots.waiting == 0


async def test_those_who_wait_are_served_merchant_by_merchant_and_in_their_order() -> None:
    slots = Slots(total=1, share=1)
    await slots.take(0, 1)
    served: list[tuple[int, int]] = []

    async def work(merchant: int, number: int) -> None:
        await slots.take(merchant, 5)
        served.append((merchant, number))
        await asyncio.sleep(0)
        slots.give_back(merchant)

    asked = [(1, 0), (1, 1), (1, 2), (2, 0), (3, 0), (2, 1)]
    tasks = [asyncio.create_task(work(*one)) for one in asked]
    await asyncio.sleep(0)
    slots.give_back(0)
    await asyncio.gather(*tasks)
    assert served == [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (1, 2)]


async def test_those_who_leave_at_any_moment_take_no_slot_along() -> None:
    slots = Slots(total=2, share=2)
    under_way: Counter[str] = Counter()

    async def work(merchant: int) -> None:
        await slots.take(merchant, 5)
        try:
            under_way["now"] += 1
            under_way["most"] = max(under_way["most"], under_way["now"])
            await asyncio.sleep(0)
        finally:
            under_way["now"] -= 1
            slots.give_back(merchant)

    tasks = [asyncio.create_task(work(number % 3)) for number in range(300)]
    for step, task in enumerate(tasks):
        if step % 2:
            task.cancel()
        if step % 7 == 0:
            await asyncio.sleep(0)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert slots.waiting == 0
    assert under_way["most"] == 2
    for _ in range(2):
        await slots.take(1, 0.01)


async def test_a_line_lets_one_at_a_time_through_and_others_pass() -> None:
    lines = KeyedLocks()
    deadline = asyncio.get_running_loop().time() + 0.05
    async with lines.hold(1, ["A", 7], deadline):
        for merchant, wanted in ((2, "A"), (1, "B"), (1, "7")):
            async with lines.hold(merchant, [wanted], deadline):
                pass
        with pytest.raises(LockTimeout):
            async with lines.hold(1, [7], deadline):
                raise AssertionError("two at once")
    async with lines.hold(1, [7, "A"], asyncio.get_running_loop().time() + 1):
        pass
