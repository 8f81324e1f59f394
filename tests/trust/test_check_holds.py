"""`sconto check` finds every record that breaks a promise about holds."""

from typing import Final

import pytest

from sconto.domain.people import Caller
from sconto.store.database import Database
from tests.operations.holding import NOON, Shop, a_basket

HELD: Final = "Allowances know how much of them is held"
OF_A_HOLD: Final = "Codes and allowances are held for holds that exist"
AS_PROMISED: Final = "A hold holds no more than it promises"

DAMAGES: Final = (
    ("UPDATE allowances SET held = held + 1 WHERE {mine} AND scope = 'total'", HELD),
    ("UPDATE allowances SET held = 0 WHERE {mine} AND scope = 'customer'", HELD),
    ("DELETE FROM held_allowances WHERE {mine} AND scope = 'budget'", HELD),
    ("DELETE FROM holds WHERE {mine}", OF_A_HOLD),
    ("UPDATE codes SET held_for = 'A-2' WHERE {mine} AND held_for IS NOT NULL", OF_A_HOLD),
    ("UPDATE holds SET expires_at = expires_at + interval '1 s' WHERE {mine}", OF_A_HOLD),
    ("UPDATE holds SET code_ids = '{{}}' WHERE {mine}", OF_A_HOLD),
    ("UPDATE held_allowances SET amount = amount + 1 WHERE {mine}", AS_PROMISED),
    (
        "UPDATE held_allowances SET promotion_id = 999 WHERE {mine} AND scope = 'budget'",
        AS_PROMISED,
    ),
    ("UPDATE holds SET customer_id = 'c-2' WHERE {mine}", AS_PROMISED),
)


@pytest.mark.parametrize(("damage", "promise"), DAMAGES)
async def test_a_record_that_breaks_a_promise_of_holds_is_found(
    database: Database, merchant: Caller, damage: str, promise: str
) -> None:
    shop = Shop(database, merchant)
    await shop.once("ONCE")
    await shop.ten_off(total=3, per_customer=3, budget={"EUR": 5000}, first_order=True)
    await shop.hold("A-1", a_basket("ONCE", customer="c-1"), NOON)
    assert await shop.violations() == []
    async with database.write() as connection:
        mine = f"merchant_id = {merchant.merchant_id}"
        assert await connection.execute(damage.format(mine=mine)) not in ("UPDATE 0", "DELETE 0")
    assert any(one.startswith(promise) for one in await shop.violations())
    async with database.write() as connection:
        for table in ("holds", "held_allowances", "allowances"):
            await connection.execute(f"DELETE FROM {table} WHERE {mine}")
        await connection.execute(f"UPDATE codes SET held_for = NULL WHERE {mine}")
