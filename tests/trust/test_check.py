"""`sconto check` finds every record that breaks a promise, and nothing else."""

from collections.abc import Callable
from datetime import date, timedelta

import psycopg
import pytest

from sconto.domain.cart import Cart, Customer
from sconto.domain.cart_promotion import (
    AmountOff,
    CartTerms,
    Conditions,
    Limits,
    NewCartPromotion,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.coverage import OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.people import Caller
from sconto.domain.product import Product
from sconto.domain.promise import first_timeline_mistake
from sconto.domain.promotion import PromotionChange, PromotionType
from sconto.domain.schedule import Span, latest_wins
from sconto.operations.cart_promotions import create_promotion as create_cart_promotion
from sconto.operations.check import check
from sconto.operations.checkout import change_order_status, place_order
from sconto.operations.products import put_products
from sconto.operations.promotions import change_promotion, create_promotion
from sconto.store.check_timelines import TIMELINES
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line, a_period, a_promotion
from tests.conftest import SECRET_KEY, create_caller, own_database
from tests.services import run_command

# These tests may damage it.
stock = own_database

ONCE = (CodeType.ONE_TIME, ("ONCE", "TWICE"))


@pytest.fixture
async def shop(stock: Database) -> Caller:
    """A merchant in that database, with orders."""
    return await open_shop(stock)


@pytest.fixture
async def cart_shop(stock: Database) -> Caller:
    """A merchant in that database, with orders that cart promotions apply to."""
    caller = await create_caller(stock)
    await place_orders_with_cart_promotions(stock, caller)
    return caller


async def open_shop(stock: Database) -> Caller:
    """A merchant with promotions of all groups, and repeated and replaced orders."""
    caller = await create_caller(stock)
    products = [Product(number, "Mug", 1000, "EUR") for number in (1, 2)]
    await put_products(stock, caller, products, NOON)
    own = OwnPercents({1: 20 * PERCENT, 2: 33_333_333})
    once = a_promotion(code_type=ONCE[0], codes=ONCE[1], coverage=own)
    created = [
        await create_promotion(stock, caller, new, NOON)
        for new in (
            a_promotion(),
            a_promotion(coverage=own, period=a_period(NOON, NOON + timedelta(days=1))),
            a_promotion(coverage=own),
            once,
        )
    ]
    await change_promotion(
        stock, caller, created[2], PromotionChange(PromotionType.DISCOUNT, active=False), NOON
    )
    cart = a_cart(a_line(1, quantity=3, unit_price=333), a_line(2, line_id="2"), codes=("once",))
    for order_id, replaces in (("A-1", None), ("A-1", None), ("A-2", "A-1"), ("A-3", None)):
        asked = cart if order_id != "A-3" else a_cart(a_line(1), codes=("Twice",))
        order = NewOrder(order_id, asked, None, replaces)
        await place_order(stock, caller, order, NOON, date(2026, 6, 1))
    await change_order_status(stock, caller, "A-3", OrderStatus.DELETED, NOON)
    return caller


async def place_orders_with_cart_promotions(database: Database, caller: Caller) -> None:
    """Three orders of a customer that take limits, one of which gives them back."""
    limits = Limits(total=9, per_customer=9, budget={"EUR": 10_000})
    codes = ("CART-1", "CART-2", "CART-3")
    for terms, code_type, texts in (
        (
            CartTerms(Target.ORDER, AmountOff({"EUR": 100}), limits=limits),
            CodeType.ONE_TIME,
            codes,
        ),
        (
            CartTerms(
                Target.SHIPPING, AmountOff({"EUR": 90}), conditions=Conditions(first_order=True)
            ),
            None,
            (),
        ),
    ):
        new = NewCartPromotion("Any", True, a_period(), terms, code_type, texts)
        await create_cart_promotion(database, caller, new, NOON)
    for order_id, code in zip(("B-1", "B-2", "B-3"), codes, strict=True):
        line = a_cart(a_line(3), codes=(code,))
        cart = Cart(line.currency, line.lines, line.codes, None, Customer("c-1"), 490)
        await place_order(database, caller, NewOrder(order_id, cart), NOON, date(2026, 6, 1))
    await change_order_status(database, caller, "B-2", OrderStatus.DELETED, NOON)


async def broken(database: Database, caller: Caller) -> list[str]:
    """The promises that the merchant's records break."""
    return [
        checked.promise
        async for checked in check(database, caller.merchant_id)
        if checked.violations
    ]


async def test_what_sconto_writes_passes_the_check(stock: Database, shop: Caller) -> None:
    await place_orders_with_cart_promotions(stock, shop)
    assert await broken(stock, shop) == []


COUNTERS = "Counters are the sum of the redemptions"
COUNTED_WITH_CODES = "One-time codes count the redemptions by them"
RECORDED = "Redemptions are what the orders picked"
ALLOWANCES = "Allowances are what the orders that count took"
GAVE_BACK = "Deleted orders gave back what their cart promotions took"
FIRST_ORDER = "A customer has one first order, and an order the customer it was sent for"
TAKEN_OFF = "Cart promotions took off lines and shipping what the order says"
USED_UP = "A one-time code is used up by the order that took it"
TIMELINE = TIMELINES[0][0]


LISTED = "Lists find each order by what it redeemed"
STATES = "An order has a status, and a first order has a customer"

DAMAGES = [
    ("UPDATE redemption_counts SET uses = uses + 1 WHERE {mine}", COUNTERS),
    ("UPDATE redemption_counts SET discount = discount + 1 WHERE {mine}", COUNTERS),
    ("DELETE FROM redemption_counts WHERE {mine} AND code_type = 'one-time'", COUNTERS),
    ("UPDATE codes SET applied_uses = applied_uses + 1 WHERE {mine}", COUNTED_WITH_CODES),
    ("UPDATE codes SET outdone_uses = 1 - outdone_uses WHERE {mine}", COUNTED_WITH_CODES),
    ("UPDATE codes SET applied_uses = 0, outdone_uses = 0 WHERE {mine}", COUNTED_WITH_CODES),
    (
        "UPDATE redemption_counts SET code_id = 9 WHERE {mine} AND code_type = 'one-time'",
        COUNTED_WITH_CODES,
    ),
    ("UPDATE redemptions SET placed_at = NULL WHERE {mine}", LISTED),
    ("UPDATE orders SET status = 'gone' WHERE {mine} AND order_id = 'A-1'", STATES),
    ("UPDATE orders SET is_first = true WHERE {mine} AND order_id = 'A-1'", STATES),
    ("UPDATE redemptions SET code_type = 'gone' WHERE {mine} AND product_id = 2", RECORDED),
    ("DELETE FROM redemptions WHERE {mine} AND product_id = 2", RECORDED),
    ("UPDATE redemptions SET discount = discount + 1 WHERE {mine}", RECORDED),
    ("UPDATE redemptions SET product_id = 3 WHERE {mine} AND product_id = 2", RECORDED),
    ("DELETE FROM orders WHERE {mine} AND order_id = 'A-2'", RECORDED),
    ("UPDATE codes SET used_by = NULL, used_at = NULL WHERE {mine}", USED_UP),
    ("UPDATE codes SET used_by = 'A-9' WHERE {mine} AND used_by = 'A-3'", USED_UP),
    (
        "UPDATE orders SET replaced_by = NULL WHERE {mine}",
        "A one-time code serves one order",
    ),
    (
        "UPDATE orders SET status = 'paid' WHERE {mine} AND order_id = 'A-1'",
        "Orders agree on which of them replaces which",
    ),
    (
        "UPDATE orders SET outcome = replace(outcome::text, '\"total\":', '\"total\":1')::json"
        " WHERE {mine} AND order_id = 'A-2'",
        "The lines of an order add up to its total, each rounded once",
    ),
    ("DELETE FROM automatic_picks WHERE {mine} AND product_id = 1", TIMELINE),
    ("UPDATE automatic_picks SET percent = percent + 1 WHERE {mine}", TIMELINE),
    (
        "UPDATE automatic_picks SET ends_at = ends_at - interval '1 microsecond'"
        " WHERE {mine} AND ends_at IS NOT NULL",
        TIMELINE,
    ),
    (
        "UPDATE promotions SET deleted_at = now() WHERE {mine} AND type = 'coupon'",
        "A promotion has each of its codes once, and only while it takes codes",
    ),
    (
        "UPDATE redemptions SET code_id = 1 WHERE {mine} AND code_id > 0",
        "A redeemed code is one of its promotion's",
    ),
    (
        "INSERT INTO subscription_usage VALUES ({id}, 7, 0, 1)",
        "Subscription codes are counted as often as applied, within the limit",
    ),
    (
        "INSERT INTO subscription_applications VALUES"
        " ({id}, 'application', 7, 1, 'try', 'monthly', NULL, 1, now())",
        "Every version that was applied is kept; a code has one promotion",
    ),
]


CART_DAMAGES = [
    ("UPDATE allowances SET taken = taken + 1 WHERE {mine} AND scope = 'total'", ALLOWANCES),
    ("UPDATE allowances SET taken = 0 WHERE {mine} AND scope = 'customer'", ALLOWANCES),
    ("DELETE FROM allowances WHERE {mine} AND scope = 'total'", ALLOWANCES),
    ("DELETE FROM allowances WHERE {mine} AND scope = 'customer'", ALLOWANCES),
    ("DELETE FROM allowances WHERE {mine} AND scope = 'budget'", ALLOWANCES),
    ("UPDATE allowances SET taken = taken - 1 WHERE {mine} AND scope = 'total'", ALLOWANCES),
    ("UPDATE allowances SET taken = taken - 100 WHERE {mine} AND scope = 'budget'", ALLOWANCES),
    ("UPDATE allowances SET key = 'c-2' WHERE {mine} AND scope = 'customer'", ALLOWANCES),
    ("UPDATE allowances SET key = 'USD' WHERE {mine} AND scope = 'budget'", ALLOWANCES),
    ("INSERT INTO allowances VALUES ({id}, 7, 'total', '', 1)", ALLOWANCES),
    (
        "UPDATE cart_promotions SET terms = replace(terms::text, '\"total\":9,', '')::json"
        " WHERE {mine} AND NOT automatic",
        ALLOWANCES,
    ),
    ("UPDATE orders SET gave_back_at = now() WHERE {mine} AND order_id = 'B-1'", ALLOWANCES),
    ("UPDATE orders SET gave_back_at = now() WHERE {mine} AND order_id = 'B-1'", GAVE_BACK),
    (
        "UPDATE codes SET used_by = 'B-2', used_at = now() WHERE {mine} AND code = 'CART-2'",
        USED_UP,
    ),
    ("UPDATE orders SET customer_id = 'c-2' WHERE {mine} AND order_id = 'B-3'", FIRST_ORDER),
    ("DELETE FROM redemptions WHERE {mine} AND order_id = 'B-1'", FIRST_ORDER),
    (
        'UPDATE orders SET outcome = replace(outcome::text, \'"amount":490,"discount":90\','
        " '\"amount\":490,\"discount\":91')::json WHERE {mine} AND order_id = 'B-1'",
        TAKEN_OFF,
    ),
    (
        'UPDATE orders SET outcome = regexp_replace(outcome::text, \'order","discount":100\','
        " 'order\",\"discount\":99')::json WHERE {mine} AND order_id = 'B-1'",
        TAKEN_OFF,
    ),
    ("UPDATE orders SET gave_back_at = NULL WHERE {mine}", GAVE_BACK),
    ("UPDATE orders SET status = 'paid' WHERE {mine} AND order_id = 'B-2'", GAVE_BACK),
    ("DELETE FROM redemptions WHERE {mine} AND order_id = 'B-1'", RECORDED),
]


@pytest.mark.parametrize(("damage", "promise"), DAMAGES)
async def test_a_record_that_breaks_a_promise_is_found(
    stock: Database, shop: Caller, damage: str, promise: str
) -> None:
    await assert_found(stock, shop, damage, promise)


@pytest.mark.parametrize(("damage", "promise"), CART_DAMAGES)
async def test_a_record_that_breaks_a_promise_of_cart_promotions_is_found(
    stock: Database, cart_shop: Caller, damage: str, promise: str
) -> None:
    await assert_found(stock, cart_shop, damage, promise)


async def assert_found(stock: Database, shop: Caller, damage: str, promise: str) -> None:
    """Damage the merchant's records, and assert that the check names the promise."""
    mine = f"merchant_id = {shop.merchant_id}"
    async with stock.write() as connection:
        assert await connection.execute(damage.format(mine=mine, id=shop.merchant_id)) != "UPDATE 0"
    assert promise in await broken(stock, shop)


async def test_violations_are_named_for_the_chosen_merchant_only(
    stock: Database, shop: Caller
) -> None:
    other = await create_caller(stock)
    async with stock.write() as connection:
        await connection.execute(
            "DELETE FROM redemptions WHERE merchant_id = $1 AND order_id = 'A-3' AND code_id > 0",
            shop.merchant_id,
        )
    assert await broken(stock, other) == []
    checks = check(stock, shop.merchant_id)
    found = {checked.promise: checked.violations async for checked in checks}
    (missing,) = found[RECORDED]
    assert missing.merchant_id == shop.merchant_id
    assert "order 'A-3' picked promotion" in str(missing)


UNIQUE = "Everything that must be unique has an index that makes it so"


@pytest.mark.parametrize(
    ("drop", "damage", "promise"),
    [
        (
            "ALTER TABLE orders DROP CONSTRAINT orders_pkey CASCADE",
            "INSERT INTO orders SELECT * FROM orders WHERE NOT is_first",
            "An order id names one order",
        ),
        (
            "DROP INDEX codes_by_key",
            "INSERT INTO codes (merchant_id, promotion_id, code, code_key, position)"
            " SELECT merchant_id, promotion_id, code, code_key, position FROM codes",
            "A promotion has each of its codes once, and only while it takes codes",
        ),
        (
            "DROP INDEX first_orders",
            "UPDATE orders SET is_first = true WHERE customer_id = 'c-1'",
            FIRST_ORDER,
        ),
        (
            "ALTER TABLE allowances DROP CONSTRAINT allowances_pkey",
            "INSERT INTO allowances SELECT * FROM allowances",
            ALLOWANCES,
        ),
        (
            "ALTER TABLE redemptions DROP CONSTRAINT redemptions_pkey",
            "INSERT INTO redemptions SELECT * FROM redemptions",
            RECORDED,
        ),
    ],
)
async def test_a_missing_index_and_the_rows_it_let_in_are_found(
    create_database: Callable[[], str], drop: str, damage: str, promise: str
) -> None:
    database = await Database.open(create_database())
    try:
        shop = await open_shop(database)
        await place_orders_with_cart_promotions(database, shop)
        async with database.write() as connection:
            await connection.execute(drop)
            await connection.execute(damage)
        found = await broken(database, shop)
    finally:
        await database.close()
    assert UNIQUE in found
    assert promise in found


async def test_the_check_of_a_timeline_agrees_with_the_rule() -> None:
    hours = [NOON + timedelta(hours=number) for number in range(6)]
    spans = [
        Span(hours[start], None if end == 5 else hours[end], number, 10 + number)
        for number, (start, end) in enumerate([(0, 3), (1, 2), (1, 5), (4, 5), (2, 4)], 1)
    ]
    shown = latest_wins(spans)
    assert first_timeline_mistake(spans, shown) is None
    for index in range(len(shown)):
        mistake = first_timeline_mistake(spans, shown[:index] + shown[index + 1 :])
        assert mistake is not None
        assert (mistake.at, mistake.shown) == (shown[index].starts_at, ())
        twice = first_timeline_mistake(spans, [*shown, shown[index]])
        assert twice is not None
        assert len(twice.shown) == 2


def test_the_command_exits_with_1_and_names_violations(
    create_database: Callable[[], str],
) -> None:
    url = create_database()
    settings = {"SCONTO_DATABASE_URL": url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}
    sound = run_command(settings, "check")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert "BROKEN" not in sound.stdout
    assert f"held    {TIMELINE}" in sound.stdout
    with psycopg.connect(url) as connection:
        connection.execute("DROP INDEX codes_by_key")
    broken = run_command(settings, "check")
    assert (broken.returncode, broken.stderr) == (1, "")
    assert f"BROKEN  {UNIQUE}" in broken.stdout
    assert "no index makes merchant_id, code_key, promotion_id of codes unique" in broken.stdout
