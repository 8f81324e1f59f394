"""Answers without cart promotions have the same bytes as before there were any.

`recorded_answers.json` has requests with the answers of commit fec9347, the last one without them:
on an empty database, in this order, the first one at this time. A merchant may have cart promotions
that do not apply.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from sconto.domain.people import Caller, Role
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.replay import START, Replay, open_replay

RECORDED: Final = Path(__file__).with_name("recorded_answers.json")

_RESTART: Final = """
SELECT setval(pg_get_serial_sequence(table_name, column_name), $1, false)
FROM (VALUES ('promotions', 'promotion_id'), ('history', 'entry_id'), ('codes', 'code_id'))
    AS drawn (table_name, column_name)
"""

TEN_OFF: Final = {
    "name": "Ten off",
    "target": "order",
    "benefit": {"type": "amount", "amounts": {"EUR": "10.00"}},
    "limits": {"total": 1},
}


async def create_callers(database: Database) -> dict[str, Caller]:
    """A user of each role, named by it."""
    callers: dict[str, Caller] = {}
    for role in Role:
        known = callers.get(Role.ADMIN)
        caller = await create_caller(database, role, None if known is None else known.merchant_id)
        async with database.write() as connection:
            await connection.execute(
                "UPDATE users SET username = $1 WHERE user_id = $2", role.value, caller.user_id
            )
        callers[role] = caller
    return callers


async def create_cart_promotions(replay: Replay, database: Database) -> None:
    """Create cart promotions that apply to no cart, with ids far from those of the requests."""
    path = "/cart/v1/promotions"
    codes = {"code_type": "one-time", "codes": ["CART-1"]}
    async with database.write() as connection:
        await connection.execute(_RESTART, 1_000_000)
    for more in ({"active": False}, {"codes": codes}, {"starts_at": "2027-01-01T00:00:00Z"}):
        request = {"as": "admin", "method": "POST", "path": path, "body": {**TEN_OFF, **more}}
        assert (await replay.ask(request))["status"] == 201
    async with database.write() as connection:
        await connection.execute(_RESTART, 1)
    replay.now = START


@pytest.mark.parametrize("with_others", [False, True], ids=["without", "with"])
async def test_answers_without_cart_promotions_are_the_recorded_bytes(
    create_database: Callable[[], str], with_others: bool
) -> None:
    recorded = json.loads(RECORDED.read_text())
    database = await Database.open(create_database())
    try:
        async with open_replay(database, await create_callers(database)) as replay:
            if with_others:
                await create_cart_promotions(replay, database)
            assert await replay.find_differences(recorded) == []
    finally:
        await database.close()
