"""Orders from before returns, and the previous version serving during the upgrade."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from sconto.domain.order import OrderStatus
from sconto.domain.people import Caller, Role
from sconto.domain.problems import OrderNotFound
from sconto.domain.return_problems import OrderDeleted
from sconto.domain.returns import Goods
from sconto.operations import events
from sconto.operations.returns import create_return, list_returns
from sconto.store.database import Database
from sconto.store.migrate import migrate
from tests.builders import NOON
from tests.store.older_schemas import at_schema, execute, version_before

BEFORE: Final = version_before("returns")

CALLER: Final = Caller(1, 1, Role.ADMIN)
OUTCOMES: Final = json.loads(
    Path(__file__).with_name("outcomes_of_version_1.json").read_text("utf-8")
)
PLACE: Final = (
    "INSERT INTO orders (merchant_id, order_id, status, created_at, outcome)"
    " VALUES (1, '{id}', 'paid', '2026-06-01', '{outcome}')"
)


async def test_older_and_concurrent_orders_are_returned(
    create_database: Callable[[str], str],
) -> None:
    url = at_schema(create_database, BEFORE)
    execute(url, "INSERT INTO merchants (name) VALUES ('shop')")
    outcome = json.dumps(OUTCOMES[1])
    execute(url, PLACE.format(id="old", outcome=outcome))
    migrate(url)
    # The previous version continues to serve: its statements do not know returns.
    for order_id in ("beside", "gone"):
        execute(url, PLACE.format(id=order_id, outcome=outcome))
    database = await Database.open(url)
    await events.start_recording(database, CALLER, NOON)
    goods = Goods({line["line_id"]: line["quantity"] for line in OUTCOMES[1]["lines"]})
    for order_id in ("old", "beside", "gone"):
        done = await create_return(database, CALLER, order_id, "R-1", goods, NOON)
        assert done.created
    # It would take an event of an order for one of those that it knows, and fail.
    async with database.read() as connection:
        objects = "SELECT object FROM event_outbox WHERE type = 'return.created'"
        found = [row["object"] for row in await connection.fetch(objects)]
    assert found == ["return old", "return beside", "return gone"]
    # It purges orders, and deletes them.
    execute(url, "DELETE FROM orders WHERE merchant_id = 1 AND order_id = 'gone'")
    execute(url, "UPDATE orders SET status = 'deleted' WHERE order_id = 'beside'")
    with pytest.raises(OrderNotFound):
        await list_returns(database, CALLER, "gone", 0, 1)
    with pytest.raises(OrderDeleted):
        await create_return(database, CALLER, "beside", "R-2", Goods({}, shipping=True), NOON)
    assert (await list_returns(database, CALLER, "beside", 0, 1)).order.status is (
        OrderStatus.DELETED
    )
    async with database.read() as connection:
        assert await connection.fetchval("SELECT count(*) FROM returns") == 2
    await database.close()
