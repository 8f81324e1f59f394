"""Rows from before events, and the previous version writing during the upgrade."""

from collections.abc import Callable
from typing import Final

from sconto.domain.people import Caller, Role
from sconto.operations import events, promotions
from sconto.store.database import Database
from sconto.store.migrate import migrate
from tests.builders import NOON
from tests.operations.event_source import EventSource
from tests.store.older_schemas import at_schema, execute, version_before

BEFORE: Final = version_before("events")

CALLER: Final = Caller(1, 1, Role.ADMIN)
PROMOTION: Final = (
    "INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, ends_at,"
    " covers_all, percent, created_at, updated_at) VALUES (1, 'discount', 'n', 'n', {active},"
    " '2026-01-01', {ends_at}, true, 1000000, '2026-01-01', '2026-01-01')"
)
ORDER: Final = (
    "INSERT INTO orders (merchant_id, order_id, status, created_at, outcome) VALUES (1, '{id}',"
    ' \'not paid\', \'2026-06-01\', \'{{"currency":"EUR","subtotal":1000,"discount":0,'
    '"total":1000,"lines":[],"codes":[]}}\')'
)


async def test_older_rows_have_events_from_their_next_change_on(
    create_database: Callable[[str], str],
) -> None:
    url = at_schema(create_database, BEFORE)
    execute(url, "INSERT INTO merchants (name) VALUES ('shop')")
    running, over = (PROMOTION.format(active=True, ends_at=end) for end in ("NULL", "'2026-02-01'"))
    off = PROMOTION.format(active=False, ends_at="NULL")
    for statement in (running, over, off, ORDER.format(id="old")):
        execute(url, statement)
    migrate(url)
    # The previous version continues to serve: its statements do not know the new columns.
    execute(url, running)
    execute(url, ORDER.format(id="beside"))
    execute(url, "UPDATE orders SET status = 'paid' WHERE order_id = 'old'")
    database = await Database.open(url)
    await events.start_recording(database, CALLER, NOON)
    source = EventSource(database, CALLER)
    assert await source.news() == []
    for promotion_id, active in ((1, False), (3, True)):
        await promotions.switch_promotion(database, CALLER, promotion_id, NOON, active=active)
    assert [(one.type, one.object) for one in await source.news()] == [
        ("promotion.switched_off", "promotion 1"),
        ("promotion.ended", "promotion 1"),
        ("promotion.switched_on", "promotion 3"),
        ("promotion.started", "promotion 3"),
    ]
    # Its changes while events are recorded are found by the next check of times.
    execute(url, running)
    assert await source.types() == ["promotion.started"]
    await database.close()
