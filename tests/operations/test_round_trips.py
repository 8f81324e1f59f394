"""How many statements each operation sends: each row is read once and written once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from asyncpg.connection import LoggedQuery
from msgspec.structs import replace

from sconto.domain.cart import Cart, Customer
from sconto.domain.cart_promotion import Limits
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.people import Caller, Role
from sconto.domain.promotion import PromotionChange, PromotionType, Terms
from sconto.domain.returns import Goods
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import SubscriptionPromotion
from sconto.domain.subscription_schedule import SchedulePlan
from sconto.operations import (
    cart_promotions,
    checkout,
    codes,
    events,
    history,
    promotions,
    returns,
    statistics,
    subscription_promotions,
    subscriptions,
    users,
)
from sconto.operations.idempotency import EncodedAnswer, KeyedRequest
from sconto.operations.subscription_promotions import KeyedPromotion
from sconto.store.database import Database
from tests.builders import (
    NOON,
    a_cart,
    a_line,
    a_promotion,
    percent_off,
    subscription_terms,
    ten_off,
)
from tests.conftest import create_caller
from tests.operations.stock import stock

pytestmark = pytest.mark.oldest

MUG, BOWL, CUP = 1, 2, 3
CONTRACT: Final = Contract(None, "monthly")
LIMITED: Final = Cart("EUR", (a_line(MUG),), ("LIMITED",), customer=Customer("c-1"))
LISTED: Final = ListedProducts(10 * PERCENT, (MUG, BOWL))
KEYED: Final[KeyedPromotion] = KeyedRequest("key", b"", lambda _: EncodedAnswer(200, b""))


@dataclass
class Shop:
    """A merchant with a promotion of each kind, whose statements are counted."""

    database: Database
    caller: Caller
    automatic: int
    coupon: int
    cart_promotion: int
    subscription: SubscriptionPromotion
    user_id: int
    asked: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[None]:
        """Count in this block."""

        def count(record: LoggedQuery) -> None:
            self.asked.append(record.query)

        async with self.database.read() as connection:
            connection.add_query_logger(count)
        yield
        await asyncio.sleep(0)  # the logger is called just after a statement ends
        async with self.database.read() as connection:
            connection.remove_query_logger(count)


async def create_cart_promotion(database: Database, caller: Caller) -> int:
    new = replace(ten_off(), active=False)
    return (await cart_promotions.create_promotion(database, caller, new, NOON)).id


async def open_shop(database: Database) -> Shop:
    """A new merchant with a promotion of each kind; the pool has one connection."""
    caller = await create_caller(database)
    await stock(database, caller, (MUG, BOWL, CUP))
    coupon = a_promotion(codes=("ONCE", "TWICE"), code_type=CodeType.ONE_TIME)
    counted = Shop(
        database,
        caller,
        await promotions.create_promotion(database, caller, a_promotion(coverage=LISTED), NOON),
        await promotions.create_promotion(database, caller, coupon, NOON),
        await create_cart_promotion(database, caller),
        await subscription_promotions.create_promotion(
            database, caller, subscription_terms(), NOON
        ),
        (await create_caller(database, Role.VIEWER, caller.merchant_id)).user_id,
    )
    limited = ten_off("LIMITED", limits=Limits(total=9, per_customer=1))
    await cart_promotions.create_promotion(database, caller, limited, NOON)
    await checkout.quote(database, caller, a_cart(a_line(MUG)), NOON)
    await checkout.place_order(database, caller, NewOrder("A-1", a_cart()), NOON, NOON.date())
    return counted


@pytest.fixture(scope="module")
async def pool(database_url: str) -> AsyncIterator[Database]:
    """A pool with one connection, which keeps its statements from shop to shop."""
    pool = await Database.open(database_url, connections=1)
    async with pool.read() as connection:
        await connection.fetchval("SELECT ARRAY[true]")  # asyncpg looks up its type once
    yield pool
    await pool.close()


@pytest.fixture
async def shop(pool: Database) -> Shop:
    return await open_shop(pool)


Ask = Callable[[Shop], Awaitable[object]]


def change(type_: PromotionType, terms: Terms | None = None, **more: Any) -> Ask:
    """A change of the promotion of that type."""
    asked = PromotionChange(type_, terms=terms, **more)

    def ask(shop: Shop) -> Awaitable[object]:
        promotion_id = shop.coupon if type_ is PromotionType.COUPON else shop.automatic
        return promotions.change_promotion(shop.database, shop.caller, promotion_id, asked, NOON)

    return ask


PROMOTIONS: Final[dict[str, tuple[Ask, int]]] = {
    "create an automatic one": (
        lambda shop: promotions.create_promotion(
            shop.database, shop.caller, a_promotion(coverage=LISTED), NOON
        ),
        9,
    ),
    "create one with codes": (
        lambda shop: promotions.create_promotion(
            shop.database, shop.caller, a_promotion(codes=("NEW",)), NOON
        ),
        6,
    ),
    "rename": (change(PromotionType.DISCOUNT, name="Other"), 6),
    "switch off an automatic one": (change(PromotionType.DISCOUNT, active=False), 9),
    "switch off one with codes": (change(PromotionType.COUPON, active=False), 6),
    "switch by the portal": (
        lambda shop: promotions.switch_promotion(
            shop.database, shop.caller, shop.coupon, NOON, active=False
        ),
        6,
    ),
    "other products": (
        change(PromotionType.DISCOUNT, Terms(ListedProducts(10 * PERCENT, (BOWL, CUP)))),
        11,
    ),
    "other codes": (
        change(
            PromotionType.COUPON,
            Terms(AllProducts(10 * PERCENT), CodeType.ONE_TIME, ("ONCE", "THRICE")),
        ),
        8,
    ),
    "own percents": (change(PromotionType.DISCOUNT, Terms(OwnPercents({MUG: PERCENT}))), 11),
    "delete": (
        lambda shop: promotions.delete_promotion(shop.database, shop.caller, shop.automatic, NOON),
        10,
    ),
    "get": (
        lambda shop: promotions.get_promotion(shop.database, shop.caller, shop.automatic),
        1,
    ),
    "history": (
        lambda shop: history.get_promotion_history(
            shop.database, shop.caller, shop.automatic, limit=9
        ),
        2,
    ),
    "statistics": (
        lambda shop: statistics.get_statistics_in_parts(shop.database, shop.caller, shop.coupon),
        1,
    ),
    "add codes": (
        lambda shop: codes.add_codes(shop.database, shop.caller, shop.coupon, ["NEW"], NOON),
        7,
    ),
    "remove codes": (
        lambda shop: codes.remove_codes(shop.database, shop.caller, shop.coupon, ["ONCE"], NOON),
        7,
    ),
    "count codes": (
        lambda shop: codes.count_codes(shop.database, shop.caller, shop.coupon),
        1,
    ),
}


CART_PROMOTIONS: Final[dict[str, tuple[Ask, int]]] = {
    "create an automatic one": (
        lambda shop: cart_promotions.create_promotion(shop.database, shop.caller, ten_off(), NOON),
        6,
    ),
    "create one with codes": (
        lambda shop: cart_promotions.create_promotion(
            shop.database, shop.caller, ten_off("NEW"), NOON
        ),
        6,
    ),
    "change": (
        lambda shop: cart_promotions.change_promotion(
            shop.database, shop.caller, shop.cart_promotion, lambda _: ten_off(), NOON
        ),
        7,
    ),
    "delete": (
        lambda shop: cart_promotions.delete_promotion(
            shop.database, shop.caller, shop.cart_promotion, NOON
        ),
        7,
    ),
    "statistics": (
        lambda shop: cart_promotions.get_statistics(
            shop.database, shop.caller, shop.cart_promotion
        ),
        4,
    ),
}

SUBSCRIPTIONS: Final[dict[str, tuple[Ask, int]]] = {
    "create": (
        lambda shop: subscription_promotions.create_promotion(
            shop.database, shop.caller, subscription_terms(code="NEW"), NOON
        ),
        4,
    ),
    "create with a key": (
        lambda shop: subscription_promotions.create_promotion(
            shop.database, shop.caller, subscription_terms(code="NEW"), NOON, KEYED
        ),
        6,
    ),
    "change": (
        lambda shop: subscription_promotions.change_promotion(
            shop.database,
            shop.caller,
            shop.subscription.id,
            lambda _: subscription_terms(percent_off("50")),
            NOON,
        ),
        6,
    ),
    "archive": (
        lambda shop: subscription_promotions.archive_promotion(
            shop.database, shop.caller, shop.subscription.id, NOON
        ),
        6,
    ),
    "schedule": (
        lambda shop: subscriptions.schedule_promotion(
            shop.database, shop.caller, shop.subscription, SchedulePlan(CONTRACT, 3), NOON
        ),
        0,
    ),
    "apply": (
        lambda shop: subscriptions.apply_code(shop.database, shop.caller, "TRY3", CONTRACT, NOON),
        2,
    ),
}

CHECKOUT: Final[dict[str, tuple[Ask, int]]] = {
    "quote": (
        lambda shop: checkout.quote(
            shop.database, shop.caller, a_cart(a_line(MUG), codes=("ONCE",)), NOON
        ),
        1,
    ),
    "prices": (
        lambda shop: checkout.list_prices(
            shop.database, shop.caller, [(MUG, 1), (CUP, 2)], "EUR", NOON
        ),
        1,
    ),
    "order": (
        lambda shop: checkout.place_order(
            shop.database, shop.caller, NewOrder("A-2", a_cart(codes=("ONCE",))), NOON, NOON.date()
        ),
        2,
    ),
    "quote with a limited cart promotion": (
        lambda shop: checkout.quote(shop.database, shop.caller, LIMITED, NOON),
        1,
    ),
    "order that takes from a limit": (
        lambda shop: checkout.place_order(
            shop.database, shop.caller, NewOrder("A-2", LIMITED), NOON, NOON.date()
        ),
        2,
    ),
    "replace an order": (
        lambda shop: checkout.place_order(
            shop.database,
            shop.caller,
            NewOrder("A-2", a_cart(), replaces="A-1"),
            NOON,
            NOON.date(),
        ),
        5,
    ),
    "get an order": (lambda shop: checkout.get_order(shop.database, shop.caller, "A-1"), 1),
    "change a status": (
        lambda shop: checkout.change_order_status(
            shop.database, shop.caller, "A-1", OrderStatus.PAID, NOON
        ),
        1,
    ),
    "keep a return": (
        lambda shop: returns.create_return(
            shop.database, shop.caller, "A-1", "R-1", Goods({"1": 1}), NOON
        ),
        2,
    ),
    "quote a return": (
        lambda shop: returns.quote_return(shop.database, shop.caller, "A-1", None, Goods({"1": 1})),
        1,
    ),
    "list returns": (
        lambda shop: returns.list_returns(shop.database, shop.caller, "A-1", 0, 9),
        1,
    ),
}

USERS: Final[dict[str, tuple[Ask, int]]] = {
    "change a role": (
        lambda shop: users.change_role(shop.database, shop.caller, shop.user_id, Role.ADMIN),
        7,
    ),
}

ALL: Final = {
    f"{group}: {name}": case
    for group, cases in (
        ("promotions", PROMOTIONS),
        ("cart promotions", CART_PROMOTIONS),
        ("subscriptions", SUBSCRIPTIONS),
        ("checkout", CHECKOUT),
        ("users", USERS),
    )
    for name, case in cases.items()
}


WITH_EVENTS: Final = {
    name: case for name, case in ALL.items() if name.startswith("checkout") or "change" in name
}
"""Operations that tell something."""


async def assert_statements(shop: Shop, ask: Ask, number: int) -> None:
    """The operation sends this number of statements, and none twice."""
    async with shop.counting():
        await ask(shop)
    sent = [" ".join(statement.split()) for statement in shop.asked]
    assert len(set(sent)) == len(sent) == number, sent


@pytest.mark.parametrize(("ask", "number"), ALL.values(), ids=ALL)
async def test_an_operation_sends_the_given_number_of_statements_and_none_twice(
    shop: Shop, ask: Ask, number: int
) -> None:
    await assert_statements(shop, ask, number)


@pytest.mark.parametrize(("ask", "number"), WITH_EVENTS.values(), ids=WITH_EVENTS)
async def test_events_are_written_without_another_statement(
    shop: Shop, ask: Ask, number: int
) -> None:
    await events.start_recording(shop.database, shop.caller, NOON)
    await assert_statements(shop, ask, number)
