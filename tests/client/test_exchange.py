"""Which requests the client repeats, when, and the results; without a network."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from sconto.client import NotFound, NotReached, NotSignedIn, Refused, ServiceFailed
from sconto.client.call import Call, read_nothing
from sconto.client.exchange import Attempt, Outcome, Pause, Renewal, Session, exchange

READ = Call[Any]("GET", "/")
CREATE = Call[Any]("POST", "/", {}, repeatable=False)
DELETE = Call[None]("DELETE", "/", read=read_nothing)
REFUSED = httpx.ConnectError("refused")
LOST = httpx.ReadError("lost")
DONE = httpx.Response(200, json="done")


def answer(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(
        status, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )


class Conversation:
    """An exchange whose requests have these outcomes. Time passes only in its pauses."""

    def __init__(self, outcomes: Sequence[Outcome], session: Session | None = None) -> None:
        self.session = session or Session("token", None)
        self.pauses: list[float] = []
        self.tokens: list[str | None] = []
        self._outcomes = list(outcomes)
        self._time = 0.0

    def hold(self, call: Call[Any], retry_seconds: float = 20) -> Any:
        """The answer."""
        steps = exchange(self.session, call, retry_seconds, lambda: self._time)
        outcome: Outcome | None = None
        try:
            while True:
                match steps.send(outcome):
                    case Attempt(_, token):
                        self.tokens.append(token)
                        outcome = self._outcomes.pop(0)
                    case Pause(seconds):
                        self.pauses.append(seconds)
                        self._time += seconds
                    case Renewal():
                        self.session.token = f"token {len(self.tokens)}"
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("call", [READ, CREATE], ids=["repeatable", "not repeatable"])
@pytest.mark.parametrize("first", [REFUSED, answer(429), answer(409, Retry_After="1")])
def test_requests_that_were_not_done_are_always_sent_again(first: Outcome, call: Call[Any]) -> None:
    assert Conversation([first, DONE]).hold(call) == "done"


@pytest.mark.parametrize("first", [LOST, httpx.ReadTimeout("late"), answer(503), answer(502)])
def test_requests_that_may_have_been_done_are_sent_again_only_if_that_is_safe(
    first: Outcome,
) -> None:
    assert Conversation([first, DONE]).hold(READ) == "done"
    with pytest.raises((NotReached, ServiceFailed)):
        Conversation([first, DONE]).hold(CREATE)


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500])
def test_other_refusals_are_raised_immediately(status: int) -> None:
    with pytest.raises(Refused) as raised:
        Conversation([answer(status)]).hold(READ)
    assert raised.value.status == status


def test_an_exception_says_whether_the_service_may_have_done_it() -> None:
    for outcomes, maybe_done in (([REFUSED] * 20, False), ([LOST, *[REFUSED] * 20], True)):
        with pytest.raises(NotReached) as raised:
            Conversation(outcomes).hold(READ)
        assert raised.value.maybe_done is maybe_done


def test_pauses_grow_until_the_time_limit() -> None:
    conversation = Conversation([REFUSED] * 50)
    with pytest.raises(NotReached):
        conversation.hold(READ, retry_seconds=10)
    assert sum(conversation.pauses) <= 10
    assert conversation.pauses[0] < 0.21
    assert conversation.pauses[3] > 0.79
    once = Conversation([REFUSED])
    with pytest.raises(NotReached):
        once.hold(READ, retry_seconds=0)
    assert once.pauses == []


def test_a_pause_is_at_least_what_retry_after_says() -> None:
    conversation = Conversation([answer(429, Retry_After="3"), DONE])
    conversation.hold(READ)
    assert 3 < conversation.pauses[0] < 3.3
    with pytest.raises(Refused):
        Conversation([answer(429, Retry_After="60")]).hold(READ)


def test_a_deletion_whose_answer_was_lost_is_done() -> None:
    assert Conversation([LOST, answer(404)]).hold(DELETE) is None
    with pytest.raises(NotFound):
        Conversation([REFUSED, answer(404)]).hold(DELETE)


def test_a_token_is_renewed_once_for_a_call() -> None:
    session = Session(None, Call("POST", "/v1/login_check"))
    conversation = Conversation([DONE, answer(401), DONE, answer(401), answer(401)], session)
    assert conversation.hold(READ) == "done"
    assert conversation.hold(READ) == "done"
    with pytest.raises(NotSignedIn):
        conversation.hold(READ)
    assert conversation.tokens == ["token 0", "token 0", "token 2", "token 2", "token 4"]
    with pytest.raises(NotSignedIn):
        Conversation([answer(401)]).hold(READ)
