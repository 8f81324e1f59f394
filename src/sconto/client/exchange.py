"""A call from the first attempt to its answer: which failures are tried again, and when.

Nothing here does I/O. `exchange` yields the next step and is sent its outcome, so that one text
serves `Client` and `AsyncClient`.
"""

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx

from sconto.client.call import Call
from sconto.client.errors import AddressInvalid, NotReached, read_refusal

T = TypeVar("T")

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
"""Seconds; the pause doubles with each attempt, unless the service says how long to wait."""

_NOTHING_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LOST: Final = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)
_UNAVAILABLE: Final = (502, 503, 504)


@dataclass(slots=True)
class Session:
    """The token of a client, and the call that gets another one if it is no longer valid."""

    token: str | None
    sign_in: Call[Any] | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """Send the call with this token; the outcome is an answer, or a failure."""

    call: Call[Any]
    token: str | None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Renewal:
    """Sign in, unless the session's token is no longer this one."""

    stale: str | None


Step = Attempt | Pause | Renewal

Failure: Final = (httpx.TransportError, httpx.InvalidURL)
"""How an attempt fails without an answer."""

Outcome = httpx.Response | httpx.TransportError | httpx.InvalidURL


def exchange(
    session: Session, call: Call[T], retry_seconds: float, now: Callable[[], float]
) -> Generator[Step, Outcome | None, T]:
    """The steps to the answer of a call. Raises ScontoError.

    An attempt that may be repeated is repeated for `retry_seconds` in all.
    """
    deadline = now() + retry_seconds
    attempts, maybe_done, is_renewed = 0, False, False
    while True:
        if session.token is None and session.sign_in is not None:
            yield Renewal(None)
        token = session.token
        outcome = yield Attempt(call, token)
        attempts += 1
        if isinstance(outcome, httpx.Response):
            if outcome.is_success or _is_deleted(call, outcome, maybe_done=maybe_done):
                return call.read(outcome)
            if outcome.status_code == 401 and session.sign_in is not None and not is_renewed:
                is_renewed = True
                yield Renewal(token)
                continue
            maybe_done = maybe_done or outcome.status_code in _UNAVAILABLE
            failure: Exception = read_refusal(outcome)
            pause = _pause_after(attempts, outcome)
            again = _may_repeat(call, outcome)
        else:
            if not isinstance(outcome, _LOST):
                raise AddressInvalid(f"{call.method} {call.path}: {outcome}")
            maybe_done = maybe_done or not isinstance(outcome, _NOTHING_SENT)
            failure = NotReached(
                f"{call.method} {call.path}: {str(outcome) or type(outcome).__name__}",
                maybe_done=maybe_done,
            )
            pause = _pause_after(attempts)
            again = call.repeatable or isinstance(outcome, _NOTHING_SENT)
        if not again or now() + pause > deadline:
            raise failure
        yield Pause(pause)


def _may_repeat(call: Call[Any], refused: httpx.Response) -> bool:
    """Whether an attempt may be sent again after this answer."""
    status = refused.status_code
    if status == 429:
        return True  # nothing was done
    if status == 409:
        # The first request with this Idempotency-Key is still running.
        return "Retry-After" in refused.headers
    return call.repeatable and status in _UNAVAILABLE


def _is_deleted(call: Call[Any], answer: httpx.Response, *, maybe_done: bool) -> bool:
    """Whether an earlier attempt, whose answer was lost, has deleted it."""
    return maybe_done and call.method == "DELETE" and answer.status_code == 404


def _pause_after(attempts: int, answer: httpx.Response | None = None) -> float:
    """Seconds until the next attempt: random, so that clients do not come back together."""
    wished = "" if answer is None else answer.headers.get("Retry-After", "")
    least = float(wished) if wished.isdecimal() else 0.0
    longest = min(_FIRST_PAUSE * 2 ** (attempts - 1), _LONGEST_PAUSE)
    return least + random.uniform(longest / 2, longest)  # noqa: S311  # it guards nothing
