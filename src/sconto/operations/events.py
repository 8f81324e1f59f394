"""Events: recording them, giving them their positions, and reading them by cursor."""

import asyncio
import json
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Final

from sconto.domain.audit import recording_set
from sconto.domain.events import (
    EventPage,
    EventType,
    NewEvent,
    hold_facts,
    object_in_stream,
    object_of_promotion,
    order_facts,
    order_of_object,
    promotion_of_object,
    reached_facts,
    spent_by,
)
from sconto.domain.history import Facts
from sconto.domain.people import Caller
from sconto.domain.problems import EventsGone, RecordingNeeded
from sconto.operations.background import keep_running
from sconto.store import (
    delivery_lists,
    history,
    promotion_events,
    promotions,
    reached_limits,
    webhooks,
)
from sconto.store import events as store
from sconto.store.database import (
    Connection,
    Database,
    DatabaseReadOnly,
    retried,
    retrying,
)

EVENTS_PER_TRANSACTION: Final = 200
"""Events that get their positions together."""

_SEARCHED: Final = 10_000
"""Positions that one request for some types looks at."""

_PAUSE: Final = 1.0
_MAX_MERCHANTS: Final = 1_000
_MAX_COUNTED: Final = 100_000
_DUE_PER_TRANSACTION: Final = 500


async def start_recording(database: Database, caller: Caller, now: datetime) -> None:
    """Record the merchant's events from now on; running promotions get no `started` event."""

    async def start() -> None:
        async with database.write(caller.merchant_id) as connection:
            if not await store.is_recording(connection, caller.merchant_id):
                await history.record(connection, caller, recording_set(recording=True), now)
            await record_from_now(connection, caller.merchant_id, now)

    await retrying(start)


async def record_from_now(connection: Connection, merchant_id: int, now: datetime) -> None:
    """Record events, unless they already are recorded. Needs a transaction."""
    await promotions.lock_promotions(connection, merchant_id)
    if await store.is_recording(connection, merchant_id):
        return
    await promotion_events.set_phases(connection, merchant_id, now)
    await store.start_recording(connection, merchant_id, secrets.randbits(63))


async def stop_recording(database: Database, caller: Caller) -> None:
    """Stop recording events. Raises RecordingNeeded while a webhook is enabled."""

    async def stop() -> None:
        async with database.write(caller.merchant_id) as connection:
            await promotions.lock_promotions(connection, caller.merchant_id)
            if await webhooks.count_enabled(connection, caller.merchant_id):
                raise RecordingNeeded
            if await store.is_recording(connection, caller.merchant_id):
                await history.record(connection, caller, recording_set(recording=False))
            await store.stop_recording(connection, caller.merchant_id)

    await retrying(stop)


@retried
async def is_recording(database: Database, caller: Caller) -> bool:
    """Whether the merchant's events are recorded."""
    async with database.read(caller.merchant_id) as connection:
        return await store.is_recording(connection, caller.merchant_id)


async def list_events(
    database: Database,
    caller: Caller,
    after: int | None,
    since: datetime | None,
    types: Sequence[str],
    limit: int,
    now: datetime,
) -> EventPage:
    """The events after a position, or recorded since a time, or all that are kept.

    Everything that was committed before the request is included. Raises EventsGone for a position
    whose next event is no longer kept, or that the stream does not have.
    """
    database.require_answers_for(caller.merchant_id)
    # A replica lists what the primary numbered.
    with suppress(DatabaseReadOnly):
        await append_all(database, caller.merchant_id, now)
    return await _list_events(database, caller.merchant_id, after, since, types, limit)


@retried
async def _list_events(
    database: Database,
    merchant_id: int,
    after: int | None,
    since: datetime | None,
    types: Sequence[str],
    limit: int,
) -> EventPage:
    async with database.read(merchant_id) as connection:
        bounds = await store.find_bounds(connection, merchant_id)
        oldest = bounds.last if bounds.first is None else bounds.first - 1
        if after is None and since is not None:
            found = await store.find_position_before(connection, merchant_id, since)
            after = bounds.last if found is None else found
        elif after is None:
            after = oldest
        elif not oldest <= after <= bounds.last:
            raise EventsGone(oldest)
        until = bounds.last if not types else min(bounds.last, after + _SEARCHED)
        events = await store.list_events(connection, merchant_id, after, until, types, limit)
    last = events[-1].position if len(events) == limit else max(until, after)
    return EventPage(tuple(events), last, more=last < bounds.last)


async def append_all(
    database: Database, merchant_id: int, now: datetime, *, waits: bool = True
) -> int:
    """Give all committed events of a merchant their positions; returns their number.

    Other processes may do it at the same time: it `waits` for them, or leaves it to them.
    """
    lock = store.wait_for_stream if waits else store.lock_stream

    async def append() -> int:
        async with database.write() as connection:
            last_position = await lock(connection, merchant_id)
            if last_position is None:
                return 0
            return await _append_some(connection, merchant_id, last_position, now)

    appended = 0
    async with database.read() as connection:
        is_empty = not await store.has_news(connection, merchant_id)
    while not is_empty:
        some = await retrying(append)
        appended += some
        is_empty = some < EVENTS_PER_TRANSACTION
    return appended


async def _append_some(
    connection: Connection, merchant_id: int, last_position: int, now: datetime
) -> int:
    """Move some events from the outbox to the stream, which the transaction has locked."""
    rows = await store.read_outbox(connection, merchant_id, EVENTS_PER_TRANSACTION)
    if not rows:
        return 0
    new: list[NewEvent] = []
    spent: dict[int, dict[str, int]] = {}
    for row in rows:
        new.append(_event_of(row))
        if row.order is not None:
            currency = row.order.outcome.currency
            for promotion_id, amount in spent_by(row.order.outcome):
                of_promotion = spent.setdefault(promotion_id, {})
                of_promotion[currency] = max(amount, of_promotion.get(currency, 0))
            # Other requests run between two orders, which may be large.
            await asyncio.sleep(0)
        elif (changed_id := promotion_of_object(row.object)) is not None:
            spent.setdefault(changed_id, {})
    if spent:
        new += await _events_of_reached(connection, merchant_id, spent, now)
    await store.append(connection, merchant_id, last_position, [row.id for row in rows], new, now)
    return len(rows)


def _event_of(row: store.OutboxRow) -> NewEvent:
    data: Facts
    if row.order is not None:
        data = order_facts(EventType(row.type), row.order)
    elif row.hold is not None:
        data = hold_facts(row.hold)
    elif (order_id := order_of_object(row.object)) is not None:
        # It was purged before its event got a position.
        data = {"order": {"order_id": order_id}}
    elif row.type == EventType.RETURN_CREATED:
        data = row.data
    else:
        data = {"promotion": row.subject, **row.data}
    return NewEvent(row.type, object_in_stream(row.object), row.occurred_at, data)


async def _events_of_reached(
    connection: Connection, merchant_id: int, spent: dict[int, dict[str, int]], now: datetime
) -> list[NewEvent]:
    """The events of limits that are newly reached; limits with room again may be reached later.

    `spent` is the most that one order took of a promotion's budgets, by promotion and currency.
    """
    new, reached = [], []
    for used, subject in await reached_limits.read_used(connection, merchant_id, spent):
        if not used.is_reached(spent[used.promotion_id].get(used.currency or "", 0)):
            continue
        reached.append(used)
        if not used.has_event:
            type_, facts = reached_facts(used)
            data = {"promotion": json.loads(subject), **facts}
            new.append(NewEvent(type_, object_of_promotion(used.promotion_id), now, data))
    await reached_limits.keep_reached(connection, merchant_id, spent, reached)
    return new


async def record_starts_and_ends(database: Database, now: datetime) -> int:
    """Write events for all promotions that started or ended; returns their number."""
    async with database.read() as connection:
        merchant_ids = await promotion_events.list_merchants_with_due_times(
            connection, now, _MAX_MERCHANTS
        )

    async def write(merchant_id: int) -> int:
        async with database.write() as connection:
            return await promotion_events.record_starts_and_ends(
                connection, merchant_id, now, _DUE_PER_TRANSACTION
            )

    written = 0
    for merchant_id in merchant_ids:
        written += await retrying(partial(write, merchant_id))
    return written


async def append_for_all(database: Database, now: datetime) -> int:
    """Give the events of all merchants their positions; returns their number."""
    async with database.read() as connection:
        merchant_ids = await store.list_merchants_with_news(connection, _MAX_MERCHANTS)
    appended = 0
    for merchant_id in merchant_ids:
        appended += await append_all(database, merchant_id, now, waits=False)
    return appended


async def measure_backlog(
    database: Database, now: datetime
) -> tuple[tuple[int, float], tuple[int, float]]:
    """How many events wait for their position and for webhooks, and the seconds of the oldest.

    Each is counted up to a hundred thousand.
    """
    async with database.read() as connection:
        found = await delivery_lists.measure_backlog(connection, _MAX_COUNTED)

    def age(since: datetime | None) -> float:
        return 0 if since is None else max((now - since).total_seconds(), 0)

    return (
        (found.outbox, age(found.outbox_since)),
        (found.deliveries, age(found.deliveries_since)),
    )


async def keep_recording_events(
    database: Database, clock: Callable[[], datetime], *, pause: float = _PAUSE
) -> None:
    """Write events for starts and ends, and number all events; ends when cancelled."""

    async def record() -> None:
        await record_starts_and_ends(database, clock())
        await append_for_all(database, clock())

    await keep_running(record, "events are not recorded", pause=pause)
