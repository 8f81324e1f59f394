"""Retention: purging old records in batches, and a customer's rights to erasure and to a copy."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sconto.domain.audit import of_customer, purged
from sconto.domain.history import Verb
from sconto.domain.holds import Hold
from sconto.domain.order import StoredOrder
from sconto.domain.people import command_line_caller
from sconto.domain.retention import Purged
from sconto.domain.returns import OrderReturn
from sconto.operations.holds import sweep_merchant
from sconto.store import (
    backtests,
    customer_events,
    customers,
    event_removal,
    history,
    purging,
)
from sconto.store.database import Connection, Database, retrying
from sconto.store.promotions import lock_promotions
from sconto.store.purging import PURGE_BATCH
from sconto.store.returns import list_returns_of

ERASED_PREFIX: Final = "erased-"
"""The beginning of the random ids that erased customers get."""

_REST: Final = 9
"""A purge rests this many times as long as its last batch took, so checkout has nine tenths."""

_Purge: TypeAlias = Callable[[Connection, int, datetime], Awaitable[int]]
_Report: TypeAlias = Callable[[Purged], None]


@dataclass(frozen=True, slots=True)
class CustomerRecords:
    """What is stored about a customer, besides orders.

    `allowances` are promotions whose limits count the customer, with the uses. `holds` may have
    ended a few seconds ago. `has_purged_order` says that an order of theirs was purged: a digest of
    the id remains, so that the next order is not their first.
    """

    allowances: list[tuple[int, int]]
    has_purged_order: bool
    holds: list[Hold]


async def count_old(database: Database, merchant_id: int, before: datetime) -> Purged:
    """What a purge would delete."""
    async with database.read() as connection:
        return Purged(*await purging.count_old(connection, merchant_id, before))


async def record_purge(
    database: Database, merchant_id: int, before: datetime, found: Purged
) -> None:
    """Put a purge that is about to begin into the audit log, if there is anything to delete."""
    if found.total:
        async with database.write() as connection:
            caller = command_line_caller(merchant_id)
            await history.record(connection, caller, purged(before, found))


async def record_customer_export(database: Database, merchant_id: int) -> None:
    """Put a copy of a customer's records into the audit log."""
    async with database.write() as connection:
        caller = command_line_caller(merchant_id)
        await history.record(connection, caller, of_customer(Verb.CUSTOMER_EXPORTED))


async def purge(
    database: Database, merchant_id: int, before: datetime, report: _Report = lambda _: None
) -> Purged:
    """Delete the merchant's orders, history, idempotency keys and events from before a time.

    Deliveries are deleted with the events, and holds that ended before that time, if no service
    swept them. Orders that are not counted yet stay: count them first
    (`order_counting.count_orders_of`).

    Each batch is a transaction, so a purge may be interrupted and run again. `report` gets the
    number of deleted records after each batch.
    """
    orders = history = keys = 0
    async for deleted in _batches(database, merchant_id, purging.purge_orders, before):
        orders += deleted
        report(Purged(orders))
    async for deleted in _batches(database, merchant_id, purging.purge_history, before):
        history += deleted
        report(Purged(orders, history))
    async for deleted in _batches(database, merchant_id, purging.purge_keys, before):
        keys += deleted
        report(Purged(orders, history, keys))
    await sweep_merchant(database, merchant_id, before)
    events = 0
    async for deleted in _events(database, merchant_id, before):
        events += deleted
        report(Purged(orders, history, keys, events))
    return Purged(orders, history, keys, events)


async def erase_customer(database: Database, merchant_id: int, customer_id: str) -> int | None:
    """Replace a customer's id by a random one wherever it is stored.

    Returns the number of orders; None if nothing is stored of the customer.
    """
    new_id = ERASED_PREFIX + secrets.token_hex(12)

    async def erase() -> tuple[int, int]:
        async with database.write(merchant_id) as connection:
            await lock_promotions(connection, merchant_id)
            renamed = await customers.rename_customer(connection, merchant_id, customer_id, new_id)
            await customer_events.rename_customer(connection, merchant_id, customer_id, new_id)
            # Their checkpoints have a digest of the id.
            await backtests.restart_backtests(connection, merchant_id)
            if sum(renamed):
                change = of_customer(Verb.CUSTOMER_ERASED, renamed[0])
                await history.record(connection, command_line_caller(merchant_id), change)
            return renamed

    orders, others = await retrying(erase)
    return orders if orders or others else None


async def list_customer_orders(
    database: Database, merchant_id: int, customer_id: str
) -> AsyncIterator[tuple[StoredOrder, list[OrderReturn]]]:
    """The customer's orders, by id, each with its returned goods."""
    async with database.read() as connection:
        async for orders in customers.read_orders(connection, merchant_id, customer_id):
            order_ids = [order.order_id for order in orders]
            returns = await list_returns_of(connection, merchant_id, order_ids)
            for order in orders:
                yield order, returns.get(order.order_id, [])


async def get_customer_records(
    database: Database, merchant_id: int, customer_id: str
) -> CustomerRecords:
    """The other records of the customer."""
    async with database.read() as connection:
        return CustomerRecords(
            *await customers.read_allowances(connection, merchant_id, customer_id),
            await customers.read_holds(connection, merchant_id, customer_id),
        )


async def _events(database: Database, merchant_id: int, before: datetime) -> AsyncIterator[int]:
    """Delete the events, with their deliveries; yields the number of each batch."""

    async def remove() -> tuple[int, int]:
        async with database.write(merchant_id) as connection:
            return await event_removal.remove_some(connection, merchant_id, before)

    while sum(deleted := await retrying(remove)):
        yield deleted[1]
        await asyncio.sleep(0)


async def _batches(
    database: Database, merchant_id: int, purge_some: _Purge, before: datetime
) -> AsyncIterator[int]:
    deleted = PURGE_BATCH
    while deleted == PURGE_BATCH:
        started = time.monotonic()
        deleted = await _purge_batch(database, merchant_id, purge_some, before)
        yield deleted
        if deleted == PURGE_BATCH:
            await asyncio.sleep(_REST * (time.monotonic() - started))


async def _purge_batch(
    database: Database, merchant_id: int, purge_some: _Purge, before: datetime
) -> int:
    async def run() -> int:
        async with database.write(merchant_id) as connection:
            await lock_promotions(connection, merchant_id)
            return await purge_some(connection, merchant_id, before)

    return await retrying(run)
