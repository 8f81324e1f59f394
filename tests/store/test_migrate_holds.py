"""Rows from before holds, and the previous version writing during the upgrade."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from sconto.domain.people import Caller, Role
from sconto.store.database import Database
from sconto.store.migrate import migrate
from tests.operations.holding import NOON, Shop, a_basket
from tests.store.older_schemas import at_schema, execute, version_before

BEFORE: Final = version_before("holds")

CALLER: Final = Caller(1, 1, Role.ADMIN)
ROWS: Final = """
INSERT INTO merchants (name) VALUES ('shop');
INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, code_type,
                        covers_all, percent, had_codes, created_at, updated_at)
VALUES (1, 'coupon', 'n', 'n', true, '2026-01-01', 'one-time', true, 10000000, true,
        '2026-01-01', '2026-01-01'),
       (1, 'cart', 'n', 'n', true, '2026-01-01', NULL, false, NULL, false,
        '2026-01-01', '2026-01-01');
INSERT INTO codes (merchant_id, promotion_id, code, code_key, position)
VALUES (1, 1, 'ONCE', 'once', 1), (1, 1, 'TWICE', 'twice', 2);
INSERT INTO cart_promotions (merchant_id, promotion_id, target, automatic, terms)
VALUES (1, 2, 'order', true, '{"target": "order", "benefit": {"type": "amount",
        "amounts": {"EUR": 1000}}, "limits": {"total": 3, "per_customer": 2}}');
INSERT INTO allowances (merchant_id, promotion_id, scope, key, taken) VALUES (1, 2, 'total', '', 0);
INSERT INTO timeline_versions (merchant_id, version, price_version, cart_version)
VALUES (1, 1, 1, 1);
"""
PREVIOUS_VERSION_TAKES: Final = """
UPDATE codes SET used_by = 'old', used_at = '2026-06-01' WHERE code_key = 'once'
    AND coalesce(used_at, removed_at) IS NULL;
UPDATE allowances SET taken = taken + 1 WHERE scope = 'total';
INSERT INTO allowances (merchant_id, promotion_id, scope, key, taken)
VALUES (1, 2, 'customer', 'c-9', 1);
"""
"""What an order of the previous version writes to codes and allowances."""


async def test_older_codes_and_limits_are_held_during_an_upgrade(
    create_database: Callable[[str], str],
) -> None:
    url = at_schema(create_database, BEFORE)
    execute(url, ROWS)
    migrate(url)
    database = await Database.open(url)
    shop = Shop(database, CALLER)
    cart = a_basket("TWICE", customer="c-1")
    held = await shop.hold("A-1", cart)
    assert held.hold.outcome.total == 1700
    await shop.hold("A-2", a_basket("ONCE", customer="c-1"))
    # Its orders do not see what is held, and take it: therefore holds wait for the last upgrade.
    execute(url, PREVIOUS_VERSION_TAKES)
    later = NOON + timedelta(seconds=1)
    assert (await shop.order("A-1", cart, later)).order.outcome == held.hold.outcome
    [code] = (
        await shop.order("A-2", a_basket("ONCE"), later, expected_total=3000)
    ).order.outcome.codes
    assert code.status == "used"
    assert [one for one in await shop.violations() if "old" not in one and "2" not in one] == []
    await database.close()
