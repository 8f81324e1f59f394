"""Requests that are sent again: one effect, and the same answer each time.

The caller names a request by a key of its own. The key is kept with the answer in the transaction
of the effect, so that there is never one without the other; what was refused leaves no key.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from sconto.domain.people import Caller
from sconto.domain.problems import IdempotencyKeyBusy, IdempotencyKeyReused
from sconto.store import idempotency as store
from sconto.store.database import (
    Connection,
    Database,
    DatabaseReadOnly,
    DatabaseUnavailable,
    retrying,
)

KEY_LIFETIME: Final = timedelta(hours=24)
"""How long a key counts."""

BUSY_RETRY_AFTER: Final = 1
"""Seconds after which a request is to be sent again whose key is busy."""

BUSY_PAUSE: Final = 0.05
"""Seconds between attempts for a key that is busy."""

BUSY_TIMEOUT: Final = 5.0
"""Seconds for which a request tries again whose key is busy."""

_SWEEP_INTERVAL: Final = 300.0
_SWEPT_AT_ONCE: Final = 1_000

_log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EncodedAnswer:
    """What a request is answered, in the words of its wire; `repeated`: once more."""

    status: int
    body: bytes
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Repeatable(Generic[T]):
    """A request that may be sent again: `key` names it, None where the caller gave it no name.

    `fingerprint` tells requests apart that should not have the same key; `render` says the effect
    in the words of the wire.
    """

    key: str | None
    fingerprint: bytes
    render: Callable[[T], EncodedAnswer]


async def run_once(
    database: Database,
    caller: Caller,
    request: Repeatable[T],
    effect: Callable[[Connection], Awaitable[T]],
    now: datetime,
) -> EncodedAnswer:
    """Run the effect in a transaction and answer it; what ran before is only answered again.

    Raises IdempotencyKeyReused where the key came with another request, IdempotencyKeyBusy where
    the first takes long, and what the effect raises, after which nothing is written.
    """

    async def run() -> EncodedAnswer | None:
        async with database.write(caller.merchant_id) as connection:
            if request.key is None:
                return request.render(await effect(connection))
            if not await store.claim_key(
                connection,
                caller.merchant_id,
                request.key,
                request.fingerprint,
                now=now,
                expired_at=now - KEY_LIFETIME,
            ):
                kept = await store.find_answer(connection, caller.merchant_id, request.key)
                return None if kept is None else answer_again(request, kept)
            answer = request.render(await effect(connection))
            await store.keep_answer(
                connection, caller.merchant_id, request.key, answer.status, answer.body
            )
            return answer

    clock = asyncio.get_running_loop().time
    deadline = clock() + BUSY_TIMEOUT
    while True:
        try:
            answer = await retrying(run)
        except store.KeyBusy:
            if clock() > deadline:
                raise IdempotencyKeyBusy(BUSY_RETRY_AFTER) from None
            await asyncio.sleep(BUSY_PAUSE * random.uniform(0.5, 1))  # noqa: S311
            continue
        # Nothing to answer again means that the key was swept this very moment: it is free.
        if answer is not None:
            return answer


def answer_again(request: Repeatable[T], kept: store.KeptAnswer) -> EncodedAnswer:
    """What the request's key was answered before. Raises IdempotencyKeyReused."""
    if kept.fingerprint != request.fingerprint:
        raise IdempotencyKeyReused
    return EncodedAnswer(kept.status, kept.body, repeated=True)


async def sweep_keys(database: Database, now: datetime) -> int:
    """Forget all keys that no longer count; how many, 0 where another worker is at it."""
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
                found = await store.sweep_keys(connection, merchant_id, expired_at, _SWEPT_AT_ONCE)
            swept += found
            more = found == _SWEPT_AT_ONCE
    return swept


async def keep_sweeping_keys(database: Database, clock: Callable[[], datetime]) -> None:
    """Sweep every few minutes; ends when cancelled."""
    while True:
        # Workers that started together do not sweep together.
        await asyncio.sleep(_SWEEP_INTERVAL * random.uniform(0.5, 1.5))  # noqa: S311
        try:
            await sweep_keys(database, clock())
        except DatabaseReadOnly:
            pass  # whoever serves from the primary does it
        except DatabaseUnavailable:
            _log.warning("keys are not swept: no database")
        except Exception:
            _log.exception("keys are not swept")
