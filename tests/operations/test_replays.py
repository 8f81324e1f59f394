"""Replays of orders: what the same request costs now, and whose change makes the difference."""

from datetime import timedelta
from typing import Any, Final

import pytest
from msgspec import structs

from sconto.domain.cart import Cart
from sconto.domain.cart_promotion import (
    AmountOff,
    CartPromotion,
    CartTerms,
    Conditions,
    Limits,
    NewCartPromotion,
    PercentOff,
    ProductSelection,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts
from sconto.domain.hours import Hours
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.people import Caller, Role
from sconto.domain.problems import OrderNotFound
from sconto.domain.product import Product
from sconto.domain.promotion import NewPromotion, PromotionChange, PromotionType, Terms
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.replay_causes import ChangeKind, ChangeReason
from sconto.domain.schedule import Period
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.operations import (
    cart_promotions,
    checkout,
    codes,
    promotions,
    subscription_promotions,
)
from sconto.operations.explanations import ExplainedOrder, explain_order
from sconto.operations.products import put_products
from sconto.store.database import Database
from tests.builders import NOON, a_line, a_promotion, percent_off, subscription_terms
from tests.conftest import create_caller
from tests.operations.test_cart_promotions import Shop, cart, shopper, ten_off

HOUR: Final = timedelta(hours=1)
ORDERED: Final = NOON + HOUR
EDITED: Final = NOON + 2 * HOUR
ASKED: Final = NOON + 3 * HOUR

Why = list[tuple[int, ChangeKind, ChangeReason | None]]


class ReplayedShop(Shop):
    """Its orders are placed at ORDERED and replayed at ASKED; edits happen in between."""

    async def place(self, cart: Cart, order_id: str = "A-1") -> None:
        order = NewOrder(order_id, cart)
        await checkout.place_order(self.database, self.caller, order, ORDERED, ORDERED.date())

    async def explain(self, order_id: str = "A-1") -> ExplainedOrder:
        before = await self.rows()
        found = await explain_order(self.database, self.caller, order_id, ASKED)
        assert await self.rows() == before
        return found

    async def why(self, order_id: str = "A-1") -> Why:
        """The promotions that differ, with the kinds of their changes and the reasons."""
        found = (await self.explain(order_id)).replay.differences
        return [(one.ref.id, one.cause.kind, one.cause.reason) for one in found]

    async def rows(self) -> list[Any]:
        """What an order would change."""
        tables = ("allowances", "codes", "redemptions", "redemption_counts")
        async with self.database.read() as connection:
            return [
                await connection.fetch(
                    f"SELECT {table}::text FROM {table} WHERE merchant_id = $1 ORDER BY 1",
                    self.caller.merchant_id,
                )
                for table in tables
            ]

    async def offer(self, new: NewPromotion) -> int:
        return await promotions.create_promotion(self.database, self.caller, new, NOON)

    async def edit(self, promotion: CartPromotion, **fields: Any) -> None:
        """Change facts of a cart promotion."""

        def changed(before: CartPromotion) -> NewCartPromotion:
            new = NewCartPromotion(
                before.name, before.active, before.period, before.terms, before.code_type
            )
            return structs.replace(new, **fields)

        await cart_promotions.change_promotion(
            self.database, self.caller, promotion.id, changed, EDITED
        )


@pytest.fixture
def shop(database: Database, merchant: Caller) -> ReplayedShop:
    return ReplayedShop(database, merchant)


def percent(amount: int, **fields: Any) -> CartTerms:
    return CartTerms(Target.ORDER, PercentOff(amount * PERCENT), **fields)


async def test_an_unchanged_shop_gives_the_same_price(shop: ReplayedShop) -> None:
    """Also with one-time codes, limits and budgets that the order itself used up."""
    await shop.offer(a_promotion(codes=("ONCE",), code_type=CodeType.ONE_TIME))
    await shop.create(ten_off(), "TEN", code_type=CodeType.ONE_TIME)
    limits = Limits(total=1, per_customer=1, budget={"EUR": 440})
    first = Conditions(first_order=True)
    await shop.create(percent(10, limits=limits, conditions=first))
    await shop.place(cart("once", "ten", customer=shopper(), shipping=490))
    found = await shop.explain()
    assert found.order.outcome.discount == 600 + 1000 + 440
    assert (found.replay.is_same, found.replay.differences) == (True, [])
    assert found.replay.priced == found.order.outcome
    await shop.delete_order("A-1")
    assert await shop.why() == []


async def test_an_added_promotion_is_named_and_others_follow(shop: ReplayedShop) -> None:
    ten = await shop.create(percent(10))
    await shop.place(cart())
    new = a_promotion(coverage=AllProducts(50 * PERCENT))
    added = await promotions.create_promotion(shop.database, shop.caller, new, EDITED)
    found = (await shop.explain()).replay
    assert (found.is_same, found.priced and found.priced.total) == (False, 2700)
    cause, following = found.differences
    assert (cause.ref.id, cause.cause.kind, cause.cause.reason) == (
        added,
        ChangeKind.ADDED,
        ChangeReason.CREATED,
    )
    assert (cause.then, cause.now, cause.lines) == (0, 3000, (("1", 0, 3000),))
    assert (following.ref.id, following.cause.kind) == (ten.id, ChangeKind.FOLLOWS)
    assert following.cause.causes == (cause.ref,)
    assert (following.then, following.now) == (600, 300)


async def test_promotions_that_no_longer_apply_say_why(shop: ReplayedShop) -> None:
    deleted, off, ended = [await shop.create(ten_off()) for _ in range(3)]
    await shop.edit(ended, period=Period(NOON - HOUR, ORDERED + HOUR / 2))
    coupon = await shop.offer(a_promotion(codes=("SAVE",)))
    await shop.place(cart("save"))
    # An edit in the same moment as the order would not count.
    await cart_promotions.delete_promotion(shop.database, shop.caller, deleted.id, EDITED)
    await shop.edit(off, active=False)
    await codes.remove_codes(shop.database, shop.caller, coupon, ["save"], EDITED)
    assert await shop.why() == [
        (coupon, ChangeKind.GONE, ChangeReason.CODE_REMOVED),
        (deleted.id, ChangeKind.GONE, ChangeReason.DELETED),
        (off.id, ChangeKind.GONE, ChangeReason.SWITCHED_OFF),
        (ended.id, ChangeKind.CHANGED, ChangeReason.EDITED),
    ]


async def test_promotions_that_started_ended_or_have_hours_say_so(shop: ReplayedShop) -> None:
    async def running(start: Any, end: Any, **fields: Any) -> int:
        terms = ten_off(**fields)
        new = NewCartPromotion("Any", True, Period(start, end), terms, None, ())
        created = await cart_promotions.create_promotion(shop.database, shop.caller, new, NOON)
        return created.id

    ended = await running(NOON - HOUR, EDITED)
    started = await running(EDITED, None)
    hours = Hours(NOON.time(), EDITED.time(), "UTC")
    at_hours = await running(NOON - HOUR, None, hours=hours)
    await shop.place(cart())
    assert await shop.why() == [
        (ended, ChangeKind.GONE, ChangeReason.ENDED),
        (started, ChangeKind.ADDED, ChangeReason.STARTED),
        (at_hours, ChangeKind.GONE, ChangeReason.HOURS),
    ]


async def test_a_changed_promotion_names_the_changed_fields(shop: ReplayedShop) -> None:
    ten = await shop.create(ten_off())
    coupon = await shop.offer(a_promotion(codes=("SAVE",)))
    await shop.place(cart("save"))
    await shop.edit(ten, name="Renamed", terms=percent(50))
    half = Terms(AllProducts(50 * PERCENT), None, ("SAVE",))
    change = PromotionChange(PromotionType.COUPON, terms=half)
    await promotions.change_promotion(shop.database, shop.caller, coupon, change, EDITED)
    found = (await shop.explain()).replay.differences
    assert [(one.ref.id, one.cause.kind, one.cause.fields) for one in found] == [
        (coupon, ChangeKind.CHANGED, ("percent",)),
        (ten.id, ChangeKind.CHANGED, ("benefit",)),
    ]
    assert {one.cause.at for one in found} == {EDITED}
    assert all((one.cause.username or "").startswith("test-") for one in found)
    till = await create_caller(shop.database, Role.CHECKOUT, shop.caller.merchant_id)
    shown = await explain_order(shop.database, till, "A-1", ASKED)
    assert [one.cause.username for one in shown.replay.differences] == [None, None]


async def test_an_undone_edit_is_no_cause(shop: ReplayedShop) -> None:
    ten = await shop.create(percent(10))
    await shop.place(cart())
    await shop.edit(ten, terms=percent(50), name="Half")
    await shop.edit(ten, terms=percent(10))
    assert await shop.why() == []
    other = await promotions.create_promotion(shop.database, shop.caller, a_promotion(), EDITED)
    assert await shop.why() == [
        (other, ChangeKind.ADDED, ChangeReason.CREATED),
        (ten.id, ChangeKind.FOLLOWS, None),
    ]


async def test_an_edit_that_makes_no_difference_is_no_cause(shop: ReplayedShop) -> None:
    """Only a difference that disappears without the edit is the edit's."""
    tenth = await shop.create(percent(10))
    longer = await shop.create(percent(20))
    coupon = await shop.offer(a_promotion(codes=("SAVE",)))
    await shop.place(cart("save"))
    one_unit = Conditions(minimum_quantity=1)
    await shop.edit(tenth, terms=percent(10, priority=5, conditions=one_unit))
    await shop.edit(longer, period=Period(NOON - HOUR, ASKED + HOUR))
    change = PromotionChange(PromotionType.COUPON, ends_at=ASKED + HOUR)
    await promotions.change_promotion(shop.database, shop.caller, coupon, change, EDITED)
    assert await shop.why() == []
    half = a_promotion(coverage=AllProducts(50 * PERCENT))
    added = await promotions.create_promotion(shop.database, shop.caller, half, EDITED)
    assert await shop.why() == [
        (added, ChangeKind.ADDED, ChangeReason.CREATED),
        (coupon, ChangeKind.FOLLOWS, None),
        (tenth.id, ChangeKind.FOLLOWS, None),
        (longer.id, ChangeKind.FOLLOWS, None),
    ]
    await shop.edit(tenth, terms=percent(11))
    found = await shop.why()
    assert (tenth.id, ChangeKind.CHANGED, ChangeReason.EDITED) in found
    assert (longer.id, ChangeKind.FOLLOWS, None) in found


async def test_a_limit_that_others_used_up_is_named(shop: ReplayedShop) -> None:
    """The order's own uses count as its own; those of later orders do not."""
    total = await shop.create(ten_off(limits=Limits(total=2)))
    mine = await shop.create(ten_off(limits=Limits(per_customer=2)))
    money = await shop.create(ten_off(limits=Limits(budget={"EUR": 2000})))
    once = await shop.create(ten_off(), "ONCE", code_type=CodeType.ONE_TIME)
    await shop.place(cart("once", customer=shopper()))
    assert await shop.why() == []
    await shop.place(cart(customer=shopper()), "A-2")
    assert await shop.why() == []
    # After its deletion, others may have what it took.
    await shop.delete_order("A-1")
    await shop.place(cart("once", customer=shopper()), "A-3")
    assert await shop.why() == [
        (total.id, ChangeKind.LIMIT, ChangeReason.TOTAL_LIMIT),
        (mine.id, ChangeKind.LIMIT, ChangeReason.CUSTOMER_LIMIT),
        (money.id, ChangeKind.LIMIT, ChangeReason.BUDGET),
        (once.id, ChangeKind.LIMIT, ChangeReason.USED),
    ]


async def test_a_second_order_of_the_customer_ends_first_orders(shop: ReplayedShop) -> None:
    first = await shop.create(ten_off(conditions=Conditions(first_order=True)))
    await shop.place(cart(customer=shopper()))
    await shop.place(cart(customer=shopper()), "A-2")
    assert await shop.why() == [(first.id, ChangeKind.CUSTOMER, ChangeReason.FIRST_ORDER)]
    await shop.set_status("A-2", OrderStatus.DELETED)
    assert await shop.why() == []


async def test_tags_that_were_changed_are_named(shop: ReplayedShop) -> None:
    async def tag(*tags: str) -> None:
        product = Product(11111, "Mug", 3000, "EUR", tags)
        await put_products(shop.database, shop.caller, [product], EDITED)

    await tag("sale")
    tagged = ten_off(products=ProductSelection(tags=frozenset(["sale"])))
    promotion = await shop.create(tagged)
    await shop.place(cart())
    await tag("new")
    assert await shop.why() == [(promotion.id, ChangeKind.CATALOGUE, ChangeReason.TAGS)]


async def test_a_promotion_that_displaces_another_without_applying_is_named(
    shop: ReplayedShop,
) -> None:
    """Of one group only the latest created counts, even if it gives less than the one before."""
    high = await shop.offer(a_promotion(coverage=AllProducts(10 * PERCENT)))
    coupon = await shop.offer(a_promotion(codes=("SAVE",), coverage=AllProducts(8 * PERCENT)))
    await shop.place(cart("save"))
    low = a_promotion(coverage=AllProducts(5 * PERCENT))
    added = await promotions.create_promotion(shop.database, shop.caller, low, EDITED)
    found = await shop.why()
    assert found[0] == (added, ChangeKind.ADDED, ChangeReason.CREATED)
    assert found[1:] == [
        (high, ChangeKind.FOLLOWS, None),
        (coupon, ChangeKind.FOLLOWS, None),
    ]


async def test_the_subscriptions_code_is_replayed(shop: ReplayedShop) -> None:
    database, caller = shop.database, shop.caller
    promotion = await subscription_promotions.create_promotion(
        database, caller, subscription_terms(percent_off("30")), NOON
    )
    order = structs.replace(
        cart(),
        subscription=Subscription(None, "monthly", 1, (SubscriptionCode("TRY3", 1),)),
    )
    await shop.place(order)
    assert await shop.why() == []
    await subscription_promotions.change_promotion(
        database, caller, promotion.id, lambda _: subscription_terms(percent_off("50")), EDITED
    )
    [found] = (await shop.explain()).replay.differences
    assert found.ref == (PromotionKind.SUBSCRIPTION, promotion.id)
    assert (found.then, found.now, found.cause.fields) == (1800, 3000, ("rules",))


async def test_an_order_without_its_request_cannot_be_replayed(shop: ReplayedShop) -> None:
    await shop.place(cart())
    async with shop.database.write() as connection:
        await connection.execute(
            "UPDATE orders SET request = NULL WHERE merchant_id = $1", shop.caller.merchant_id
        )
    found = (await shop.explain()).replay
    assert (found.priced, found.is_same, found.differences) == (None, None, ())


async def test_only_lines_that_differ_are_listed(shop: ReplayedShop) -> None:
    lines = tuple(a_line(number, line_id=str(number)) for number in (1, 2, 3))
    await shop.place(Cart("EUR", lines))
    only = CartTerms(
        Target.LINES, AmountOff({"EUR": 100}), products=ProductSelection(ids=frozenset([2]))
    )
    new = NewCartPromotion("Any", True, Period(NOON), only, None, ())
    await cart_promotions.create_promotion(shop.database, shop.caller, new, EDITED)
    [found] = (await shop.explain()).replay.differences
    assert found.lines == (("2", 0, 100),)


async def test_other_merchants_orders_do_not_exist(shop: ReplayedShop, database: Database) -> None:
    await shop.place(cart())
    other_merchant = await create_caller(database)
    with pytest.raises(OrderNotFound):
        await explain_order(database, other_merchant, "A-1", ASKED)
