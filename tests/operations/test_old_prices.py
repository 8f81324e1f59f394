"""An order that waits is not placed at prices from before an edit."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec
import pytest

from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart
from sconto.domain.cart_promotion import (
    AmountOff,
    CartTerms,
    NewCartPromotion,
    ProductSelection,
    Target,
)
from sconto.domain.code_pattern import CodePattern
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder, Placed
from sconto.domain.people import Caller
from sconto.domain.problems import TotalDiffers
from sconto.domain.product import ProductLine
from sconto.domain.promotion import PromotionChange, PromotionType, Terms
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.domain.subscription_promotion import SubscriptionTerms
from sconto.operations import cart_promotions, code_generation, subscription_promotions
from sconto.operations.checkout import place_order, quote
from sconto.operations.code_generation import generate_some, start_generation
from sconto.operations.codes import add_codes, remove_codes
from sconto.operations.products import delete_product, import_products, put_products
from sconto.operations.promotions import (
    change_promotion,
    create_promotion,
    delete_promotion,
    restore_promotion,
)
from sconto.store.admissions import CONCURRENT_ORDERS_OF_MERCHANT
from sconto.store.database import Database
from tests.builders import (
    NOON,
    a_cart,
    a_period,
    a_product,
    a_promotion,
    percent_off,
    subscription_terms,
)

PLAIN: Final = a_cart()
SHARED: Final = a_cart(codes=("shared",))
ONCE: Final = a_cart(codes=("once",))
SUBSCRIBED: Final = msgspec.structs.replace(
    PLAIN, subscription=Subscription(None, "monthly", 1, (SubscriptionCode("TRY3", 1),))
)
LATER: Final = NOON + timedelta(seconds=1)


@dataclass(frozen=True)
class Shop:
    """A merchant with an automatic promotion, some with codes, and one for subscriptions."""

    database: Database
    caller: Caller
    automatic: int
    shared: int
    once: int
    dear: int
    subscription: int

    async def change(
        self, promotion_id: int, percent: int | None = None, active: bool | None = None
    ) -> None:
        type_ = PromotionType.DISCOUNT if promotion_id == self.automatic else PromotionType.COUPON
        code_type = CodeType.ONE_TIME if promotion_id == self.once else CodeType.REUSABLE
        terms = None
        if percent is not None:
            code = code_type if type_ is PromotionType.COUPON else None
            terms = Terms(AllProducts(percent * PERCENT), code)
        change = PromotionChange(type_, active=active, terms=terms, keep_codes=True)
        await change_promotion(self.database, self.caller, promotion_id, change, LATER)

    async def delete(self, promotion_id: int) -> None:
        await delete_promotion(self.database, self.caller, promotion_id, LATER)

    async def add(self, promotion_id: int, code: str) -> None:
        await add_codes(self.database, self.caller, promotion_id, [code], LATER)

    async def remove(self, promotion_id: int, code: str) -> None:
        await remove_codes(self.database, self.caller, promotion_id, [code], LATER)

    async def tag(self, *tags: str) -> None:
        await put_products(self.database, self.caller, [a_product(tags=tags)], LATER)

    async def change_rules(self, terms: SubscriptionTerms) -> None:
        await subscription_promotions.change_promotion(
            self.database, self.caller, self.subscription, lambda _: terms, LATER
        )

    async def move_code(self) -> None:
        """Archive the promotion, and create another with its code."""
        await subscription_promotions.archive_promotion(
            self.database,
            self.caller,
            self.subscription,
            LATER,
        )
        await subscription_promotions.create_promotion(
            self.database, self.caller, subscription_terms(percent_off("90")), LATER
        )

    async def quote(self, cart: Cart) -> PricedCart:
        return await quote(self.database, self.caller, cart, NOON)

    async def place(self, cart: Cart, total: int | None = None) -> Placed:
        order = NewOrder("A-1", cart, total)
        return await place_order(self.database, self.caller, order, NOON, NOON.date())

    async def place_meanwhile(
        self, cart: Cart, edit: Callable[[], Awaitable[object]], total: int | None = None
    ) -> Placed:
        """The result of an order that is priced before the edit and written after it."""
        async with AsyncExitStack() as slots:
            for _ in range(CONCURRENT_ORDERS_OF_MERCHANT):
                loan = self.database.write(
                    self.caller.merchant_id, queue="orders", transaction=False
                )
                await slots.enter_async_context(loan)
            ordering = asyncio.create_task(self.place(cart, total))
            while not self.database.order_slots.waiting:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            await edit()
        return await asyncio.wait_for(ordering, 10)


@pytest.fixture
async def shop(database: Database, merchant: Caller) -> Shop:
    async def create(percent: int, *codes: str, code_type: CodeType | None = None) -> int:
        coverage = AllProducts(percent * PERCENT)
        new = a_promotion(coverage=coverage, codes=codes, code_type=code_type)
        return await create_promotion(database, merchant, new, NOON)

    subscription = await subscription_promotions.create_promotion(
        database, merchant, subscription_terms(), NOON
    )
    return Shop(
        database,
        merchant,
        automatic=await create(10),
        shared=await create(20, "shared", code_type=CodeType.REUSABLE),
        once=await create(30, "once", code_type=CodeType.ONE_TIME),
        dear=await create(80, "dear", code_type=CodeType.REUSABLE),
        subscription=subscription.id,
    )


Edit = Callable[[Shop], Awaitable[object]]

EDITS: Final[dict[str, tuple[Cart, Edit, int]]] = {
    "automatic, percent": (PLAIN, lambda shop: shop.change(shop.automatic, percent=50), 500),
    "automatic, off": (PLAIN, lambda shop: shop.change(shop.automatic, active=False), 1000),
    "automatic, deleted": (PLAIN, lambda shop: shop.delete(shop.automatic), 1000),
    "reusable, percent": (SHARED, lambda shop: shop.change(shop.shared, percent=60), 400),
    "reusable, off": (SHARED, lambda shop: shop.change(shop.shared, active=False), 900),
    "reusable, deleted": (SHARED, lambda shop: shop.delete(shop.shared), 900),
    "reusable, code removed": (SHARED, lambda shop: shop.remove(shop.shared, "Shared"), 900),
    "reusable, code added": (ONCE, lambda shop: shop.add(shop.dear, "once"), 200),
    "one-time, percent": (ONCE, lambda shop: shop.change(shop.once, percent=60), 400),
    "one-time, off": (ONCE, lambda shop: shop.change(shop.once, active=False), 900),
    "one-time, deleted": (ONCE, lambda shop: shop.delete(shop.once), 900),
    "one-time, code removed": (ONCE, lambda shop: shop.remove(shop.once, "Once"), 900),
    "subscription, rules": (
        SUBSCRIBED,
        lambda shop: shop.change_rules(subscription_terms(percent_off("50"))),
        450,
    ),
    "subscription, code taken over": (
        SUBSCRIBED,
        lambda shop: shop.move_code(),
        90,
    ),
}


@pytest.mark.parametrize(("cart", "edit", "total"), EDITS.values(), ids=EDITS)
async def test_an_order_that_waited_for_an_edit_costs_what_a_quote_costs_after_it(
    shop: Shop, cart: Cart, edit: Edit, total: int
) -> None:
    before = (await shop.quote(cart)).total
    placed = await shop.place_meanwhile(cart, lambda: edit(shop))
    assert placed.created
    assert placed.order.outcome.total == total != before


@pytest.mark.parametrize(("cart", "edit", "total"), EDITS.values(), ids=EDITS)
async def test_an_order_that_waited_for_an_edit_is_refused_the_old_total(
    shop: Shop, cart: Cart, edit: Edit, total: int
) -> None:
    before = (await shop.quote(cart)).total
    with pytest.raises(TotalDiffers) as refused:
        await shop.place_meanwhile(cart, lambda: edit(shop), before)
    assert refused.value.quote.total == total


async def import_tags(shop: Shop, *tags: str) -> None:
    one = a_product(tags=tags)
    await import_products(shop.database, shop.caller, [ProductLine(1, one)], LATER)


TAGS: Final[dict[str, tuple[tuple[str, ...], Edit, int]]] = {
    "put": ((), lambda shop: shop.tag("sale"), 800),
    "imported": ((), lambda shop: import_tags(shop, "sale"), 800),
    "taken away": (("sale",), lambda shop: shop.tag(), 900),
    "deleted with the product": (
        ("sale",),
        lambda shop: delete_product(shop.database, shop.caller, 11111, LATER),
        900,
    ),
}


@pytest.mark.parametrize(("tags", "edit", "total"), TAGS.values(), ids=TAGS)
async def test_an_order_that_waited_for_other_tags_costs_what_a_quote_costs_after_it(
    shop: Shop, tags: tuple[str, ...], edit: Edit, total: int
) -> None:
    await shop.tag(*tags)
    on_sale = ProductSelection(tags=frozenset(["sale"]))
    terms = CartTerms(Target.LINES, AmountOff({"EUR": 100}), products=on_sale)
    new = NewCartPromotion("Sale", True, a_period(), terms)
    await cart_promotions.create_promotion(shop.database, shop.caller, new, NOON)
    before = (await shop.quote(PLAIN)).total
    placed = await shop.place_meanwhile(PLAIN, lambda: edit(shop))
    assert placed.order.outcome.total == (await shop.quote(PLAIN)).total == total != before


async def test_an_order_gets_a_promotion_that_is_restored_meanwhile(
    shop: Shop,
) -> None:
    await shop.delete(shop.shared)
    placed = await shop.place_meanwhile(
        SHARED, lambda: restore_promotion(shop.database, shop.caller, shop.shared, LATER)
    )
    assert placed.order.outcome.total == 800


async def test_each_transaction_that_generates_codes_makes_orders_price_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_generation, "CODES_PER_TRANSACTION", 5)

    async def versions() -> list[tuple[int, int]]:
        async with shop.database.read() as connection:
            rows = await connection.fetch(
                "SELECT version, price_version FROM timeline_versions WHERE merchant_id = $1",
                shop.caller.merchant_id,
            )
        return [tuple(row) for row in rows]

    seen = await versions()
    generation = await start_generation(
        shop.database, shop.caller, shop.once, CodePattern("", 1, 8, "ABCDEFGH"), 10, NOON
    )
    assert await versions() == seen
    for _ in range(2):
        await generate_some(shop.database, shop.caller.merchant_id, generation.id, NOON)
        seen += await versions()
    timelines, prices = zip(*seen, strict=True)
    assert len(set(timelines)) == 1
    assert len(set(prices)) == 3
