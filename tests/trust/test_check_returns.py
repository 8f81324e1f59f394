"""The check finds returns that break a promise."""

from collections.abc import AsyncIterator, Callable

import pytest

from sconto.domain.cart import Cart
from sconto.domain.order import NewOrder
from sconto.domain.returns import Goods
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.operations import cart_promotions, promotions, subscription_promotions
from sconto.operations.checkout import place_order
from sconto.operations.returns import create_return
from sconto.store.check import find_violations, one_snapshot
from sconto.store.check_returns import RETURN_CHECKS
from sconto.store.database import Database
from tests.builders import NOON, a_line, a_promotion, subscription_terms, ten_off
from tests.conftest import create_caller
from tests.promises import violations

UNITS = "No unit of an order is returned twice"
CHAIN = "Each return follows the one before it, and shipping is returned once"
AMOUNTS = "Returns of a line add up to what it cost, with each discount"
TOTALS = "The lines of a return add up to what it pays back"

FIRST = "UPDATE returns SET refund = {change} WHERE {mine} AND number = 1"
LAST = "UPDATE returns SET refund = {change} WHERE {mine} AND number = 3"
LINE = "jsonb_set(refund::jsonb, '{{lines,0,%s}}', '%s')"
TOTAL = "jsonb_set(refund::jsonb, '{{%s}}', '%s')"

DAMAGES = [
    (FIRST.replace("{change}", LINE % ("quantity", 2)), UNITS),
    (FIRST.replace("{change}", LINE % ("line_id", '"9"')), UNITS),
    (LAST.replace("{change}", LINE % ("returned_before", 2)), UNITS),
    ("UPDATE returns SET returned = '{{\"1\": 2}}' WHERE {mine} AND number = 1", UNITS),
    ("DELETE FROM returns WHERE {mine} AND number = 1", UNITS),
    ("DELETE FROM returns WHERE {mine} AND number = 2", CHAIN),
    ("UPDATE returns SET shipping_returned = true WHERE {mine} AND number = 1", CHAIN),
    ("UPDATE returns SET shipping_returned = false WHERE {mine} AND number = 3", CHAIN),
    (
        FIRST.replace("{change}", TOTAL % ("shipping", '{{"amount": 490, "discount": 0}}')),
        CHAIN,
    ),
    (FIRST.replace("{change}", LINE % ("total", 467)), AMOUNTS),
    (FIRST.replace("{change}", LINE % ("subtotal", 1001)), AMOUNTS),
    (LAST.replace("{change}", LINE % ("discount", 101)), AMOUNTS),
    (LAST.replace("{change}", LINE % ("subscription_discount", 1)), AMOUNTS),
    (LAST.replace("{change}", LINE % ("adjustments,0,discount", 1)), AMOUNTS),
    (FIRST.replace("{change}", TOTAL % ("total", 1)), TOTALS),
    (FIRST.replace("{change}", TOTAL % ("discount", 1)), TOTALS),
    (FIRST.replace("{change}", TOTAL % ("subtotal", 1)), TOTALS),
    (LAST.replace("{change}", TOTAL % ("shipping,amount", 491)), TOTALS),
]


@pytest.fixture(scope="module")
async def shop(create_database: Callable[[], str]) -> AsyncIterator[Database]:
    """A database, which these tests may damage, with an order of which everything was returned."""
    database = await Database.open(create_database())
    caller = await create_caller(database)
    await promotions.create_promotion(database, caller, a_promotion(), NOON)
    await cart_promotions.create_promotion(database, caller, ten_off(), NOON)
    await subscription_promotions.create_promotion(database, caller, subscription_terms(), NOON)
    subscription = Subscription(None, "monthly", 1, (SubscriptionCode("TRY3", 1),))
    lines = (a_line(1, quantity=3), a_line(2, line_id="2", quantity=2, unit_price=333))
    cart = Cart("EUR", lines, (), subscription, shipping=490)
    await place_order(database, caller, NewOrder("A", cart), NOON, NOON.date())
    for number, goods in enumerate(
        (Goods({"1": 1}), Goods({"2": 1}), Goods({"1": 2, "2": 1}, shipping=True))
    ):
        await create_return(database, caller, "A", f"R-{number}", goods, NOON)
    async with database.write() as connection:
        await connection.execute("CREATE TABLE sound AS SELECT * FROM returns")
    yield database
    await database.close()


async def test_returns_pass_the_check(shop: Database) -> None:
    assert await violations(shop) == []


@pytest.mark.parametrize(("damage", "promise"), DAMAGES)
async def test_a_return_that_breaks_a_promise_is_found(
    shop: Database, damage: str, promise: str
) -> None:
    async with shop.write() as connection:
        done = await connection.execute(damage.format(mine="merchant_id = 1"))
    assert not done.endswith(" 0")
    statements = dict(RETURN_CHECKS)
    async with one_snapshot(shop) as connection:
        [violation] = await find_violations(connection, statements[promise], 1, 1)
    assert "'A'" in violation.words
    async with shop.write() as connection:
        await connection.execute("DELETE FROM returns")
        await connection.execute("INSERT INTO returns SELECT * FROM sound")
