"""Cart promotions on a real database: quotes, orders, limits, and what is given back."""

from datetime import timedelta
from typing import Any

import pytest

from sconto.domain.bill import PricedCart
from sconto.domain.cart import NOBODY, Cart, Customer
from sconto.domain.cart_draft import CartDraft
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
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.codes import CodeType
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder, OrderStatus, Placed
from sconto.domain.people import Caller
from sconto.domain.problems import (
    CodesUsedUp,
    OrderGaveBack,
    PromotionNotFound,
    TooManyAutomatic,
)
from sconto.domain.schedule import Period
from sconto.operations import cart_promotions, checkout, promotions
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line

pytestmark = pytest.mark.oldest

TEN = AmountOff({"EUR": 1000})


def ten_off(**fields: Any) -> CartTerms:
    return CartTerms(Target.ORDER, TEN, **fields)


def shopper(name: str = "c-1") -> Customer:
    return Customer(name)


class Shop:
    """A merchant with one product, and its requests."""

    def __init__(self, database: Database, caller: Caller) -> None:
        self.database = database
        self.caller = caller

    async def create(
        self, terms: CartTerms, *codes: str, code_type: CodeType = CodeType.REUSABLE
    ) -> CartPromotion:
        new = NewCartPromotion(
            "Any",
            True,
            Period(NOON - timedelta(days=1)),
            terms,
            code_type if codes else None,
            codes,
        )
        return await cart_promotions.create_promotion(self.database, self.caller, new, NOON)

    async def change(self, promotion: CartPromotion, terms: CartTerms) -> CartPromotion:
        def changed(before: CartPromotion) -> NewCartPromotion:
            return NewCartPromotion(
                before.name, before.active, before.period, terms, before.code_type
            )

        return await cart_promotions.change_promotion(
            self.database, self.caller, promotion.id, changed, NOON
        )

    async def quote(self, cart: Cart) -> PricedCart:
        return await checkout.quote(self.database, self.caller, cart, NOON)

    async def order(self, order_id: str, cart: Cart, **fields: Any) -> Placed:
        order = NewOrder(order_id, cart, **fields)
        return await checkout.place_order(self.database, self.caller, order, NOON, NOON.date())

    async def delete_order(self, order_id: str) -> None:
        await self.set_status(order_id, OrderStatus.DELETED)

    async def set_status(self, order_id: str, status: OrderStatus) -> None:
        await checkout.change_order_status(self.database, self.caller, order_id, status, NOON)


@pytest.fixture
def shop(database: Database, merchant: Caller) -> Shop:
    return Shop(database, merchant)


def cart(*codes: str, customer: Customer = NOBODY, shipping: int | None = None) -> Cart:
    return replace_cart(a_cart(a_line(quantity=2, unit_price=3000)), codes, customer, shipping)


def replace_cart(
    cart: Cart, codes: tuple[str, ...], customer: Customer, shipping: int | None
) -> Cart:
    return Cart(cart.currency, cart.lines, codes, None, customer, shipping)


async def test_an_automatic_promotion_applies_from_the_next_quote_on(shop: Shop) -> None:
    assert (await shop.quote(cart())).total == 6000
    promotion = await shop.create(ten_off())
    priced = await shop.quote(cart())
    assert (priced.total, priced.discount) == (5000, 1000)
    [line] = priced.lines
    assert [(one.promotion_id, one.discount) for one in line.adjustments] == [(promotion.id, 1000)]

    await shop.change(promotion, ten_off(conditions=Conditions(minimum_quantity=3)))
    assert (await shop.quote(cart())).total == 6000
    await cart_promotions.delete_promotion(shop.database, shop.caller, promotion.id, NOON)
    assert (await shop.quote(cart())).cart_promotions == ()
    await cart_promotions.restore_promotion(shop.database, shop.caller, promotion.id, NOON)
    assert len((await shop.quote(cart())).cart_promotions) == 1


async def test_a_promotion_with_codes_needs_one_of_them(shop: Shop) -> None:
    await shop.create(ten_off(), "TEN", code_type=CodeType.ONE_TIME)
    assert (await shop.quote(cart())).cart_promotions == ()
    priced = await shop.quote(cart("ten"))
    assert priced.total == 5000
    assert [(code.code, code.status) for code in priced.codes] == [("ten", CodeStatus.APPLIED)]

    placed = await shop.order("A", cart("ten"))
    assert placed.order.outcome.total == 5000
    used = await shop.quote(cart("ten"))
    assert (used.total, used.codes[0].status) == (6000, CodeStatus.USED)
    with pytest.raises(CodesUsedUp):
        await shop.order("B", cart("ten"))
    await shop.delete_order("A")
    assert (await shop.quote(cart("ten"))).total == 5000


async def test_two_codes_of_a_promotion_are_one_use_of_the_last(shop: Shop) -> None:
    limits = Limits(total=2)
    await shop.create(ten_off(limits=limits), "X", "Y", code_type=CodeType.ONE_TIME)
    assert (await shop.order("A", cart("X", "Y"))).order.outcome.total == 5000
    assert (await shop.order("B", cart("X"))).order.outcome.total == 5000
    statuses = [code.status for code in (await shop.quote(cart("X", "Y"))).codes]
    assert statuses == [CodeStatus.USED, CodeStatus.USED]


async def test_an_order_is_the_quote_and_repeats_its_answer(shop: Shop) -> None:
    await shop.create(CartTerms(Target.SHIPPING, PercentOff(100 * PERCENT)))
    wanted = cart(customer=shopper(), shipping=490)
    priced = await shop.quote(wanted)
    placed = await shop.order("A", wanted)
    assert placed.order.outcome == priced
    again = await shop.order("A", wanted)
    assert (again.created, again.order.outcome) == (False, priced)
    assert (await checkout.get_order(shop.database, shop.caller, "A")).cart == wanted


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(total=1), "total_limit"),
        (Limits(per_customer=1), "customer_limit"),
        (Limits(budget={"EUR": 1500}), "budget"),
    ],
)
async def test_a_limit_is_taken_by_an_order_and_given_back_by_its_deletion(
    shop: Shop, limits: Limits, reason: str
) -> None:
    await shop.create(ten_off(limits=limits))
    await shop.order("A", cart(customer=shopper()))
    priced = await shop.quote(cart(customer=shopper()))
    [outcome] = priced.cart_promotions
    assert [one.reason.value for one in outcome.reasons] == [reason]
    placed = await shop.order("B", cart(customer=shopper()))
    assert placed.order.outcome.total == 6000

    await shop.delete_order("A")
    await shop.delete_order("A")
    assert (await shop.quote(cart(customer=shopper()))).total == 5000
    with pytest.raises(OrderGaveBack):
        await shop.set_status("A", OrderStatus.PAID)


async def test_a_replacement_may_take_what_the_replaced_order_had(shop: Shop) -> None:
    await shop.create(ten_off(limits=Limits(total=1)), "TEN")
    await shop.order("A", cart("TEN"))
    placed = await shop.order("B", cart("TEN"), replaces="A")
    assert placed.order.outcome.total == 5000
    assert (await shop.quote(cart("TEN"))).codes[0].status is CodeStatus.LIMIT_REACHED


async def test_only_a_first_order_gets_a_promotion_for_first_orders(shop: Shop) -> None:
    await shop.create(ten_off(conditions=Conditions(first_order=True)))
    assert (await shop.quote(cart())).total == 6000
    assert (await shop.order("A", cart(customer=shopper()))).order.outcome.total == 5000
    assert (await shop.order("B", cart(customer=shopper()))).order.outcome.total == 6000
    assert (await shop.order("C", cart(customer=shopper("c-2")))).order.outcome.total == 5000
    await shop.delete_order("A")
    assert (await shop.quote(cart(customer=shopper()))).total == 6000
    await shop.delete_order("B")
    assert (await shop.quote(cart(customer=shopper()))).total == 5000


async def test_a_later_limit_counts_earlier_orders(shop: Shop) -> None:
    promotion = await shop.create(ten_off())
    for name in "ABC":
        await shop.order(name, cart(customer=shopper()))
    await shop.delete_order("A")
    await shop.change(promotion, ten_off(limits=Limits(total=3)))
    await shop.order("D", cart())
    assert (await shop.quote(cart())).total == 6000
    await shop.change(promotion, ten_off(limits=Limits(total=4)))
    assert (await shop.quote(cart())).total == 5000
    await shop.change(promotion, ten_off(limits=Limits(total=1)))
    assert (await shop.quote(cart())).total == 6000


@pytest.mark.parametrize(
    ("before", "limits", "reasons"),
    [
        (Limits(total=2), Limits(total=3), []),
        (Limits(total=9), Limits(total=2), ["total_limit"]),
        (Limits(), Limits(total=2, per_customer=1), ["total_limit", "customer_limit"]),
        (Limits(), Limits(budget={"EUR": 2500}), ["budget"]),
        (Limits(budget={"EUR": 2500}), Limits(budget={"EUR": 3000}), []),
    ],
)
async def test_a_tried_change_counts_what_orders_took(
    shop: Shop, before: Limits, limits: Limits, reasons: list[str]
) -> None:
    promotion = await shop.create(ten_off(limits=before))
    for name in "AB":
        await shop.order(name, cart(customer=shopper()))
    new = NewCartPromotion("Any", True, promotion.period, ten_off(limits=limits))
    tried = await cart_promotions.try_promotion(
        shop.database,
        shop.caller,
        CartDraft(new, promotion.id),
        cart(customer=shopper()),
        NOON,
    )
    [outcome] = tried.cart_promotions
    assert [reason.reason.value for reason in outcome.reasons] == reasons
    await shop.change(promotion, ten_off(limits=limits))
    assert await shop.quote(cart(customer=shopper())) == tried


async def test_a_used_code_stays_used_in_a_tried_change(shop: Shop) -> None:
    promotion = await shop.create(ten_off(), "X", "Y", code_type=CodeType.ONE_TIME)
    await shop.order("A", cart("X"))
    new = NewCartPromotion(
        "Any", True, promotion.period, ten_off(), CodeType.ONE_TIME, ("x", "y", "z")
    )
    tried = await cart_promotions.try_promotion(
        shop.database, shop.caller, CartDraft(new, promotion.id), cart("X", "Z"), NOON
    )
    statuses = [code.status for code in tried.codes]
    assert statuses == [CodeStatus.USED, CodeStatus.APPLIED]


async def test_rows_that_orders_share_exist_from_the_start(shop: Shop) -> None:
    limits = Limits(total=3, per_customer=1, budget={"EUR": 900, "USD": 900})
    promotion = await shop.create(ten_off(limits=limits))
    async with shop.database.read() as connection:
        rows = await connection.fetch(
            "SELECT scope, key, taken::int FROM allowances WHERE promotion_id = $1 ORDER BY 1, 2",
            promotion.id,
        )
    assert [tuple(row) for row in rows] == [
        ("budget", "EUR", 0),
        ("budget", "USD", 0),
        ("total", "", 0),
    ]


async def test_tags_decide_what_is_covered(shop: Shop) -> None:
    await shop.create(ten_off(products=ProductSelection(tags=frozenset(["sale"]))))
    assert (await shop.quote(cart())).total == 6000


async def test_the_hundred_and_first_automatic_promotion_is_refused(shop: Shop) -> None:
    for _ in range(100):
        await shop.create(ten_off())
    with pytest.raises(TooManyAutomatic):
        await shop.create(ten_off())
    await shop.create(ten_off(), "CODE")


async def test_operations_on_product_promotions_find_no_cart_promotion(shop: Shop) -> None:
    promotion = await shop.create(ten_off())
    database, caller = shop.database, shop.caller
    for attempt in (
        promotions.get_promotion(database, caller, promotion.id),
        promotions.get_summary(database, caller, promotion.id),
        promotions.switch_promotion(database, caller, promotion.id, NOON, active=False),
        promotions.delete_promotion(database, caller, promotion.id, NOON),
    ):
        with pytest.raises(PromotionNotFound):
            await attempt
    await cart_promotions.delete_promotion(database, caller, promotion.id, NOON)
    with pytest.raises(PromotionNotFound):
        await promotions.restore_promotion(database, caller, promotion.id, NOON)
