"""Orders are placed once, keep what they got, and count what they used."""

import asyncio
import dataclasses
from datetime import date

import pytest
from msgspec.structs import replace

from sconto.domain.cart import Cart
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder, OrderStatus, Placed
from sconto.domain.people import Caller
from sconto.domain.problems import (
    CodesUsedUp,
    OrderConflict,
    OrderNotFound,
    OrderNotReplaceable,
    OrderReplaced,
    ReplacedOrderNotFound,
    TotalDiffers,
)
from sconto.domain.promotion import PromotionChange, PromotionType
from sconto.operations.checkout import change_order_status, get_order, place_order, quote
from sconto.operations.promotions import change_promotion, create_promotion, delete_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock
from tests.statistics import get_statistics

DAY = date(2026, 6, 1)
ONCE = a_cart(a_line(1, line_id="1"), a_line(2, line_id="2"), codes=("ONCE",))


async def place(
    database: Database,
    caller: Caller,
    order_id: str = "A-1",
    cart: Cart = ONCE,
    *,
    expected_total: int | None = None,
    replaces: str | None = None,
) -> Placed:
    order = NewOrder(order_id, cart, expected_total, replaces)
    return await place_order(database, caller, order, NOON, DAY)


async def one_time_promotion(database: Database, caller: Caller, *codes: str) -> int:
    """10 % on everything, with one-time codes."""
    new = a_promotion(codes=codes or ("Once",), code_type=CodeType.ONE_TIME)
    return await create_promotion(database, caller, new, NOON)


async def uses(database: Database, caller: Caller, promotion_id: int) -> int:
    return (await get_statistics(database, caller, promotion_id)).uses


async def code_status(database: Database, caller: Caller, code: str = "once") -> CodeStatus:
    priced = await quote(database, caller, a_cart(codes=(code,)), NOON)
    return priced.codes[0].status


async def test_an_order_uses_up_its_code_and_counts_once_for_each_product(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await one_time_promotion(database, merchant)
    placed = await place(database, merchant)
    assert placed.created
    assert (placed.order.status, placed.order.created_at) == (OrderStatus.NOT_PAID, NOON)
    assert placed.order.outcome.total == 1800
    assert await uses(database, merchant, promotion_id) == 2
    assert await code_status(database, merchant) is CodeStatus.USED


async def test_a_repeated_order_gets_the_stored_answer_and_counts_nothing(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await one_time_promotion(database, merchant)
    first = await place(database, merchant)
    spelt = replace(ONCE, codes=("once",))
    for again in (
        await place(database, merchant),
        await place(database, merchant, cart=spelt, expected_total=5),
    ):
        assert again == Placed(first.order, created=False)
    assert await uses(database, merchant, promotion_id) == 2


@pytest.mark.parametrize(
    "cart",
    [
        replace(ONCE, currency="USD"),
        replace(ONCE, codes=()),
        replace(ONCE, codes=("once", "twice")),
        replace(ONCE, lines=ONCE.lines[::-1]),
        replace(ONCE, lines=(replace(ONCE.lines[0], quantity=2), ONCE.lines[1])),
        replace(ONCE, lines=(replace(ONCE.lines[0], unit_price=1), ONCE.lines[1])),
        replace(ONCE, lines=(replace(ONCE.lines[0], product_id=3), ONCE.lines[1])),
        replace(ONCE, lines=(replace(ONCE.lines[0], line_id="3"), ONCE.lines[1])),
    ],
)
async def test_another_cart_under_the_same_order_id_is_refused(
    database: Database, merchant: Caller, cart: Cart
) -> None:
    promotion_id = await one_time_promotion(database, merchant)
    first = await place(database, merchant)
    with pytest.raises(OrderConflict) as refused:
        await place(database, merchant, cart=cart)
    assert refused.value.order == first.order
    assert await uses(database, merchant, promotion_id) == 2


async def test_another_merchant_may_have_the_same_order_id(
    database: Database, merchant: Caller
) -> None:
    await place(database, merchant)
    other = await create_caller(database)
    with pytest.raises(OrderNotFound):
        await get_order(database, other, "A-1")
    assert (await place(database, other, cart=a_cart())).created


async def test_a_total_the_shopper_did_not_agree_to_places_no_order(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await one_time_promotion(database, merchant)
    with pytest.raises(TotalDiffers) as refused:
        await place(database, merchant, expected_total=1801)
    assert refused.value.quote.total == 1800
    assert await uses(database, merchant, promotion_id) == 0
    assert await code_status(database, merchant) is CodeStatus.APPLIED
    with pytest.raises(OrderNotFound):
        await get_order(database, merchant, "A-1")


async def test_a_used_up_code_is_refused_unless_the_shopper_agreed_to_the_total_without(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await one_time_promotion(database, merchant)
    await place(database, merchant)
    with pytest.raises(CodesUsedUp) as refused:
        await place(database, merchant, "A-2")
    assert refused.value.quote.total == 2000
    with pytest.raises(TotalDiffers):
        await place(database, merchant, "A-2", expected_total=1800)
    agreed = await place(database, merchant, "A-2", expected_total=2000)
    assert agreed.order.outcome.codes[0].status is CodeStatus.USED
    assert agreed.order.outcome.codes[0].used_at == NOON
    assert await uses(database, merchant, promotion_id) == 2


async def test_a_one_time_code_picked_for_no_product_is_not_used_up(
    database: Database, merchant: Caller
) -> None:
    await one_time_promotion(database, merchant, "first", "last")
    await place(database, merchant, cart=a_cart(codes=("first", "last")))
    assert await code_status(database, merchant, "first") is CodeStatus.APPLIED
    assert await code_status(database, merchant, "last") is CodeStatus.USED


async def test_a_one_time_code_that_is_picked_and_outdone_is_used_up(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await one_time_promotion(database, merchant)
    better = a_promotion(coverage=AllProducts(50 * PERCENT))
    await create_promotion(database, merchant, better, NOON)
    await place(database, merchant)
    assert await code_status(database, merchant) is CodeStatus.USED
    assert await uses(database, merchant, promotion_id) == 2


async def test_later_changes_never_alter_what_an_order_got(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await one_time_promotion(database, merchant)
    placed = await place(database, merchant)
    terms = a_promotion(coverage=AllProducts(99 * PERCENT), codes=("other",)).terms
    change = PromotionChange(PromotionType.COUPON, active=False, terms=terms)
    await change_promotion(database, merchant, promotion_id, change, NOON)
    assert await get_order(database, merchant, "A-1") == placed.order
    assert await uses(database, merchant, promotion_id) == 2
    await delete_promotion(database, merchant, promotion_id, NOON)
    assert await place(database, merchant) == Placed(placed.order, created=False)


async def test_a_status_changes_neither_statistics_nor_used_codes(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await one_time_promotion(database, merchant)
    placed = await place(database, merchant)
    for status in (
        OrderStatus.PAID,
        OrderStatus.PAID,
        OrderStatus.DELETED,
        OrderStatus.NOT_PAID,
        OrderStatus.DELETED,
    ):
        changed = await change_order_status(database, merchant, "A-1", status, NOON)
        assert changed == dataclasses.replace(placed.order, status=status)
    assert await uses(database, merchant, promotion_id) == 2
    assert await code_status(database, merchant) is CodeStatus.USED
    with pytest.raises(OrderNotFound):
        await change_order_status(database, merchant, "A-2", OrderStatus.PAID, NOON)


async def test_an_order_that_replaces_another_takes_over_its_code(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await one_time_promotion(database, merchant)
    await place(database, merchant)
    cart = replace(ONCE, lines=ONCE.lines[:1])
    placed = await place(database, merchant, "A-2", cart, replaces="A-1", expected_total=900)
    assert placed.created
    assert placed.order.outcome.codes[0].status is CodeStatus.APPLIED
    assert (await get_order(database, merchant, "A-1")).status is OrderStatus.DELETED
    assert await code_status(database, merchant) is CodeStatus.USED
    assert await uses(database, merchant, promotion_id) == 3
    again = await place(database, merchant, "A-2", cart, replaces="A-1")
    assert again == Placed(placed.order, created=False)
    with pytest.raises(OrderConflict):
        await place(database, merchant, "A-2", cart)


async def test_a_code_the_replacing_order_does_not_use_is_free_again(
    database: Database, merchant: Caller
) -> None:
    await one_time_promotion(database, merchant)
    await place(database, merchant)
    await place(database, merchant, "A-2", a_cart(), replaces="A-1")
    assert await code_status(database, merchant) is CodeStatus.APPLIED
    assert (await place(database, merchant, "A-3")).created


async def test_a_replaced_order_stays_deleted(database: Database, merchant: Caller) -> None:
    await place(database, merchant)
    await place(database, merchant, "A-2", a_cart(), replaces="A-1")
    for status in (OrderStatus.PAID, OrderStatus.NOT_PAID):
        with pytest.raises(OrderReplaced):
            await change_order_status(database, merchant, "A-1", status, NOON)
    deleted = await change_order_status(database, merchant, "A-1", OrderStatus.DELETED, NOON)
    assert (deleted.status, deleted.replaced_by) == (OrderStatus.DELETED, "A-2")


@pytest.mark.parametrize("status", [OrderStatus.PAID, OrderStatus.DELETED])
async def test_a_paid_or_deleted_order_cannot_be_replaced(
    database: Database, merchant: Caller, status: OrderStatus
) -> None:
    await one_time_promotion(database, merchant)
    await place(database, merchant)
    await change_order_status(database, merchant, "A-1", status, NOON)
    with pytest.raises(OrderNotReplaceable) as refused:
        await place(database, merchant, "A-2", replaces="A-1")
    assert refused.value.order.status is status
    assert await code_status(database, merchant) is CodeStatus.USED


async def test_an_unknown_order_cannot_be_replaced(database: Database, merchant: Caller) -> None:
    other = await create_caller(database)
    await place(database, other, cart=a_cart())
    for replaces in ("A-1", "A-2"):
        with pytest.raises(ReplacedOrderNotFound):
            await place(database, merchant, "A-2", replaces=replaces)


async def test_one_of_many_orders_replaces_the_same_order(
    database: Database, merchant: Caller
) -> None:
    await one_time_promotion(database, merchant)
    await place(database, merchant)
    outcomes = await asyncio.gather(
        *(place(database, merchant, f"B-{i}", replaces="A-1") for i in range(8)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Placed) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, OrderNotReplaceable) for outcome in outcomes) == 7


async def test_one_of_many_orders_gets_a_one_time_code_and_the_others_a_new_quote(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await one_time_promotion(database, merchant)
    outcomes = await asyncio.gather(
        *(place(database, merchant, f"B-{i}") for i in range(24)), return_exceptions=True
    )
    assert sum(isinstance(outcome, Placed) for outcome in outcomes) == 1
    refused = [outcome for outcome in outcomes if isinstance(outcome, CodesUsedUp)]
    assert {outcome.quote.total for outcome in refused} == {2000}
    assert len(refused) == 23
    assert await uses(database, merchant, promotion_id) == 2


async def test_many_requests_for_one_order_place_one_order(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await one_time_promotion(database, merchant)
    placed = await asyncio.gather(*(place(database, merchant) for _ in range(24)))
    assert sum(one.created for one in placed) == 1
    assert len({one.order.order_id for one in placed}) == 1
    assert await uses(database, merchant, promotion_id) == 2


async def test_orders_that_share_codes_in_any_order_never_deadlock(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [1, 2])
    for product, code in ((1, "a"), (2, "b")):
        new = a_promotion(
            coverage=OwnPercents({product: 10 * PERCENT}),
            codes=tuple(f"{code}{i}" for i in range(10)),
            code_type=CodeType.ONE_TIME,
        )
        await create_promotion(database, merchant, new, NOON)
    for i in range(10):
        carts = [replace(ONCE, codes=codes) for codes in ((f"a{i}", f"b{i}"), (f"b{i}", f"a{i}"))]
        outcomes = await asyncio.gather(
            *(place(database, merchant, f"{i}-{n}", cart) for n, cart in enumerate(carts * 2)),
            return_exceptions=True,
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == [
            *(["CodesUsedUp"] * 3),
            "Placed",
        ]


async def test_texts_that_cannot_be_codes_are_stored_as_sent(
    database: Database, merchant: Caller
) -> None:
    texts = ("a\0b", "'; --", "\N{PILE OF POO}", "x" * 255, "\u2028", '{"a": "\\u0000"}')
    cart = a_cart(codes=texts)
    placed = await place(database, merchant, "Ü/1 \N{SNOWMAN}", cart)
    stored = await get_order(database, merchant, "Ü/1 \N{SNOWMAN}")
    assert stored == placed.order
    assert [code.code for code in stored.outcome.codes] == list(texts)


async def test_the_largest_cart_is_stored_exactly(database: Database, merchant: Caller) -> None:
    promotion_id = await create_promotion(
        database, merchant, a_promotion(coverage=AllProducts(100 * PERCENT)), NOON
    )
    lines = [a_line(1, line_id=str(i), quantity=10**6, unit_price=10**16 - 1) for i in range(500)]
    cart = a_cart(*lines, currency="CLF")
    for order_id in ("A-1", "A-2"):
        placed = await place(database, merchant, order_id, cart)
        assert placed.order.outcome.discount == 500 * 10**6 * (10**16 - 1)
        assert await get_order(database, merchant, order_id) == placed.order
    assert await uses(database, merchant, promotion_id) == 2
