"""Requests that are sent again: one effect, and the same answer each time.

The caller chooses a key for a request. The key and the answer are stored in the transaction of the
effect, so there is never one without the other. A refused request stores no key.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, NoReturn, TypeVar

from sconto.domain.people import Caller
from sconto.domain.problems import IdempotencyKeyBusy, IdempotencyKeyReused
from sconto.operations.background import keep_running
from sconto.store import idempotency as store
from sconto.store.database import Connection, Database, retrying
from sconto.store.idempotency import AnswerAroundUsage, EncodedAnswer, KeptAnswer

__all__ = ["AnswerAroundUsage", "EncodedAnswer"]

KEY_LIFETIME: Final = timedelta(hours=24)
"""How long a key counts as used."""

BUSY_RETRY_AFTER: Final = 1
"""Seconds after which a client should send a request again if its key is busy."""

BUSY_PAUSE: Final = 0.05
"""Seconds between two attempts to get a busy key, at most."""

BUSY_TIMEOUT: Final = 5.0
"""Seconds after which a request gives up on a busy key."""

_SWEEP_PAUSE: Final = 450.0
_BATCH: Final = 1_000

T = TypeVar("T")
A = TypeVar("A")


class AlreadyAnswered(Exception):
    """The request was answered before under its key; nothing was done this time."""

    def __init__(self, answer: EncodedAnswer) -> None:
        super().__init__("answered before")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class KeyedRequest(Generic[T, A]):
    """A request whose caller may send it again, under the same key.

    `fingerprint` differs between requests that must not share a key. `encode` turns the result of
    the operation into the answer to store; only the edge knows its format.
    """

    key: str
    fingerprint: bytes
    encode: Callable[[T], A]


async def run_once(
    database: Database,
    caller: Caller,
    request: KeyedRequest[T, EncodedAnswer] | None,
    effect: Callable[[Connection], Awaitable[T]],
    now: datetime,
) -> T:
    """Run the effect in a transaction; with a key, only if nothing ran under it before.

    Raises AlreadyAnswered, IdempotencyKeyReused if the key came with another request,
    IdempotencyKeyBusy if the first request takes long, and what the effect raises. Then nothing is
    written.
    """

    async def run() -> T:
        async with database.write(caller.merchant_id) as connection:
            if request is None:
                return await effect(connection)
            return await _run_keyed(connection, caller, request, effect, now)

    clock = asyncio.get_running_loop().time
    deadline = clock() + BUSY_TIMEOUT
    while True:
        try:
            return await retrying(run)
        except store.KeyBusy:
            if clock() > deadline:
                raise IdempotencyKeyBusy(BUSY_RETRY_AFTER) from None
            await asyncio.sleep(BUSY_PAUSE * random.uniform(0.5, 1))  # noqa: S311
        except _KeySwept:
            pass


def answer_again(request: KeyedRequest[T, A], kept: KeptAnswer) -> NoReturn:
    """Raise AlreadyAnswered, or IdempotencyKeyReused if the key is of another request."""
    if kept.fingerprint != request.fingerprint:
        raise IdempotencyKeyReused
    raise AlreadyAnswered(kept.answer)


class _KeySwept(Exception):
    """The key was in use, and was swept before its answer was read: it is free now."""


async def _run_keyed(
    connection: Connection,
    caller: Caller,
    request: KeyedRequest[T, EncodedAnswer],
    effect: Callable[[Connection], Awaitable[T]],
    now: datetime,
) -> T:
    merchant_id, key = caller.merchant_id, request.key
    claimed = await store.claim_key(
        connection, merchant_id, key, request.fingerprint, now=now, expired_at=now - KEY_LIFETIME
    )
    if not claimed:
        kept = await store.find_answer(connection, merchant_id, key)
        if kept is None:
            raise _KeySwept
        answer_again(request, kept)
    done = await effect(connection)
    await store.keep_answer(connection, merchant_id, key, request.encode(done))
    return done


async def sweep_keys(database: Database, now: datetime) -> int:
    """Delete all expired keys; returns their number, 0 if another worker is sweeping."""
    expired_at = now - KEY_LIFETIME
    swept = 0
    async with database.read() as connection:
        merchant_ids = await store.list_merchants_to_sweep(connection, expired_at)
    for merchant_id in merchant_ids:
        more = True
        while more:
            async with database.write() as connection:
                if not await store.lock_sweeping(connection):
                    return swept
                found = await store.sweep_keys(connection, merchant_id, expired_at, _BATCH)
            swept += found
            more = found == _BATCH
    return swept


async def keep_sweeping_keys(database: Database, clock: Callable[[], datetime]) -> None:
    """Delete expired keys every few minutes; ends when cancelled."""
    await keep_running(
        lambda: sweep_keys(database, clock()), "keys are not swept", pause=_SWEEP_PAUSE
    )
