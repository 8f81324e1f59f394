"""The check finds events and deliveries that break a promise."""

import pytest

from sconto.api.clock import read_clock
from sconto.api.sending.sender import Sender
from sconto.domain.people import Caller
from sconto.domain.webhooks import NewWebhook
from sconto.operations import events, webhooks
from sconto.operations.check import check
from sconto.operations.deliveries import Deliveries, lease_for
from sconto.store.database import Database
from tests.conftest import create_caller, own_database
from tests.operations.event_source import EventSource
from tests.receiver import LOCAL, a_receiver

database = own_database

POSITIONS = "The positions of events have no gap"
DELIVERED = "What counts as delivered was answered with success"

DAMAGES = [
    ("DELETE FROM events WHERE {mine} AND position = 2", POSITIONS),
    ("DELETE FROM events WHERE {mine} AND position = 3", POSITIONS),
    ("DELETE FROM event_streams WHERE {mine}", POSITIONS),
    ("DELETE FROM delivery_attempts WHERE {mine}", DELIVERED),
    ("UPDATE delivery_attempts SET status = 500 WHERE {mine}", DELIVERED),
    ("UPDATE deliveries SET position = 9 WHERE {mine}", DELIVERED),
]


@pytest.fixture
async def recorded(database: Database) -> Caller:
    """A merchant with three delivered events."""
    caller, sender = await create_caller(database), Sender(LOCAL, 5)
    async with a_receiver() as receiver:
        new = NewWebhook(receiver.url)
        await webhooks.create_webhook(database, caller, new, read_clock())
        for number in range(3):
            await EventSource(database, caller).order(f"A-{number}")
        await events.append_all(database, caller.merchant_id, read_clock())
        worker = Deliveries(database, sender.send, read_clock, lease=lease_for(5))
        await worker.send_all()
    await sender.close()
    return caller


async def broken(database: Database, caller: Caller) -> list[str]:
    checks = check(database, caller.merchant_id)
    return [checked.promise async for checked in checks if checked.violations]


@pytest.mark.parametrize(("damage", "promise"), DAMAGES)
async def test_events_and_deliveries_that_break_a_promise_are_found(
    database: Database, recorded: Caller, damage: str, promise: str
) -> None:
    assert await broken(database, recorded) == []
    async with database.write() as connection:
        done = await connection.execute(damage.format(mine=f"merchant_id = {recorded.merchant_id}"))
    assert not done.endswith(" 0")
    assert promise in await broken(database, recorded)
