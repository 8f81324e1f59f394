"""While several merchants send requests, each has one running; one that is alone never waits."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.store.fair_turns import FairTurns, idle_seconds

FLOOD, OTHER = 1, 2


class Requests:
    """Requests that run until they are answered, in the order in which they began."""

    def __init__(self, turns: FairTurns) -> None:
        self._turns = turns
        self.began: list[tuple[int, int]] = []
        self.one_began = asyncio.Event()
        self.running: Counter[tuple[int, bool]] = Counter()
        self.answered: set[int] = set()
        self._answers: dict[tuple[int, int], asyncio.Event] = {}

    def ask(
        self, merchant_id: int, number: int = 0, *, is_checkout: bool = True
    ) -> asyncio.Task[None]:
        """A request that begins as soon as it has its turn."""
        return asyncio.create_task(self._serve(merchant_id, number, is_checkout=is_checkout))

    async def _serve(self, merchant_id: int, number: int, *, is_checkout: bool) -> None:
        if not self._turns.note_request(merchant_id, is_checkout=is_checkout):
            await self._turns.begin(merchant_id, is_checkout=is_checkout)
        self.began.append((merchant_id, number))
        self.one_began.set()
        self.running[merchant_id, is_checkout] += 1
        answered = self._answers[merchant_id, number] = asyncio.Event()
        try:
            await answered.wait()
        finally:
            self.running[merchant_id, is_checkout] -= 1
            self._turns.end()

    def answer(self) -> None:
        """Answer the request that has run for longest."""
        for one in self.began:
            if (answered := self._answers.pop(one, None)) is not None:
                answered.set()
                self.answered.add(one[1])
                return


async def shared(
    most_idle: float = 60,
    longest_turn: float = 60,
    idle_seconds: Callable[[], float] = idle_seconds,
) -> FairTurns:
    """Turns that two merchants have requested recently; none of their requests runs.

    However busy the machine is, no turn ends before its request, unless the arguments say so.
    """
    turns = FairTurns(60, most_idle, longest_turn, idle_seconds)
    for is_checkout in (False, True):
        turns.note_request(FLOOD, is_checkout=is_checkout)
        assert not turns.note_request(OTHER, is_checkout=is_checkout)
    return turns


async def settle() -> None:
    """Let everything happen that can."""
    for _ in range(8):
        await asyncio.sleep(0)


async def until_begun(requests: Requests, number: int) -> None:
    """Wait until so many have begun."""
    async with asyncio.timeout(5):
        while len(requests.began) < number:
            await requests.one_began.wait()
            requests.one_began.clear()


async def end(requests: list[asyncio.Task[None]]) -> None:
    """Cancel all of them."""
    for request in requests:
        request.cancel()
    ends = await asyncio.gather(*requests, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in ends)


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=20))
def test_no_merchant_has_more_than_one_running_and_each_is_served_in_order(
    sent: list[tuple[int, bool]],
) -> None:
    async def serve() -> None:
        requests = Requests(await shared())
        tasks = [
            requests.ask(merchant_id, number, is_checkout=is_checkout)
            for number, (merchant_id, is_checkout) in enumerate(sent)
        ]
        await settle()
        for _ in sent:
            expected = dict.fromkeys(left(requests), 1)
            assert +requests.running == expected
            requests.answer()
            await settle()
        await asyncio.gather(*tasks)
        for key in set(sent):
            own = [number for _, number in requests.began if sent[number] == key]
            assert own == sorted(own)

    def left(requests: Requests) -> list[tuple[int, bool]]:
        """What is not answered yet."""
        return [key for number, key in enumerate(sent) if number not in requests.answered]

    asyncio.run(serve())


async def test_a_merchant_that_asks_alone_need_not_wait() -> None:
    turns = FairTurns()
    for is_checkout in (False, True):
        assert all(turns.note_request(FLOOD, is_checkout=is_checkout) for _ in range(100))


async def test_edits_of_another_merchant_take_nothing_from_checkout() -> None:
    turns = FairTurns(alone_after=60)
    assert turns.note_request(FLOOD, is_checkout=True)
    for _ in range(3):
        assert not turns.note_request(OTHER, is_checkout=False)
        assert turns.note_request(FLOOD, is_checkout=True)
    assert not turns.note_request(OTHER, is_checkout=True)
    assert not turns.note_request(FLOOD, is_checkout=True)


async def test_a_request_during_a_flood_begins_immediately_and_one_of_the_flood_is_ahead() -> None:
    turns = await shared()
    requests = Requests(turns)
    flood = [requests.ask(FLOOD, number) for number in range(16)]
    await settle()
    flood.append(requests.ask(OTHER))
    await settle()
    assert requests.began == [(FLOOD, 0), (OTHER, 0)]
    assert turns.waited == 15
    await end(flood)


async def test_a_flood_of_lists_delays_no_quote_of_the_same_merchant() -> None:
    requests = Requests(await shared())
    flood = [requests.ask(FLOOD, number, is_checkout=False) for number in range(16)]
    await settle()
    flood.append(requests.ask(FLOOD, 16))
    await settle()
    assert requests.began[-1] == (FLOOD, 16)
    await end(flood)


async def test_a_turn_ends_early_once_the_worker_has_nothing_to_do() -> None:
    idle = 0.0
    turns = await shared(most_idle=0.001, longest_turn=60, idle_seconds=lambda: idle)
    requests = Requests(turns)
    slow = [requests.ask(FLOOD, number) for number in range(2)]
    await asyncio.sleep(0.005)
    assert len(requests.began) == 1
    idle = 0.001
    await until_begun(requests, 2)
    await end(slow)


async def test_a_request_that_keeps_the_worker_busy_gives_its_turn_to_the_next() -> None:
    turns = await shared(most_idle=0.001, longest_turn=0.002, idle_seconds=lambda: 0)
    requests = Requests(turns)
    slow = [requests.ask(FLOOD, number) for number in range(4)]
    await until_begun(requests, 4)
    await end(slow)  # turns that have ended are not given back again


async def test_cancelled_requests_leave_their_turns_to_the_others() -> None:
    requests = Requests(await shared())
    flood = [requests.ask(FLOOD, number) for number in range(8)]
    await settle()
    for number in (0, 1, 2, 4):
        flood[number].cancel()
    await settle()
    assert requests.began == [(FLOOD, number) for number in (0, 3)]
    await end(flood)


async def test_a_merchant_is_alone_once_no_other_has_asked_recently() -> None:
    turns = FairTurns(alone_after=0)
    for merchant_id in (FLOOD, OTHER, OTHER, FLOOD):
        assert turns.note_request(merchant_id, is_checkout=True)


async def test_no_request_overtakes_those_that_wait() -> None:
    turns = FairTurns(alone_after=0, most_idle=60, longest_turn=60)
    await turns.begin(FLOOD, is_checkout=True)
    second = asyncio.create_task(turns.begin(FLOOD, is_checkout=True))
    await settle()
    assert not turns.note_request(FLOOD, is_checkout=True)
    await end([second])
    assert turns.note_request(FLOOD, is_checkout=True)


async def test_what_arrived_during_a_turn_begins_before_the_next_turn() -> None:
    requests = Requests(await shared())
    flood = [requests.ask(FLOOD, number) for number in range(2)]
    await settle()
    loop = asyncio.get_running_loop()
    requests.answer()
    loop.call_soon(lambda: flood.append(requests.ask(OTHER)))  # as if it were read now
    await settle()
    assert requests.began == [(FLOOD, 0), (OTHER, 0), (FLOOD, 1)]
    await end(flood[1:])


@pytest.mark.parametrize("is_shared", [True, False])
async def test_a_request_steps_aside_for_what_has_arrived_unless_its_merchant_is_alone(
    is_shared: bool,
) -> None:
    turns = await shared()
    if is_shared:
        await turns.begin(FLOOD, is_checkout=True)
    loop = asyncio.get_running_loop()
    began: list[str] = []
    loop.call_soon(lambda: loop.call_soon(began.append, "other"))
    await turns.step_aside()
    assert began == (["other"] if is_shared else [])
    turns.end()


async def test_a_merchant_rests_for_as_long_as_its_turn_worked() -> None:
    turns = await shared(idle_seconds=lambda: 0)
    loop = asyncio.get_running_loop()
    await turns.begin(FLOOD, is_checkout=True)
    following = asyncio.create_task(turns.begin(FLOOD, is_checkout=True))
    await settle()
    time.sleep(0.01)  # noqa: ASYNC251  # as if it worked
    turns.end()
    ended = loop.time()
    await turns.begin(OTHER, is_checkout=True)
    assert not following.done()
    await following
    assert loop.time() - ended >= 0.01
