"""Holds promise a price, one-time codes and limits to an order id until a time."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from msgspec.structs import replace

from sconto.domain.bill import PricedCart
from sconto.domain.cart_offers import CartReason
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.order import OrderStatus
from sconto.domain.people import Caller
from sconto.domain.problems import (
    CodesUsedUp,
    HoldNotFound,
    OrderConflict,
    OrderNotReplaceable,
    OrderPlaced,
    TotalDiffers,
)
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.operations import (
    cart_promotions,
    checkout,
    codes,
    events,
    promotions,
    retention,
    subscription_promotions,
)
from sconto.store.database import Database
from tests.builders import percent_off, subscription_terms
from tests.operations.event_source import EventSource
from tests.operations.holding import BEFORE_END, END, NOON, Shop, a_basket
from tests.statistics import get_statistics

LATER = NOON + timedelta(seconds=60)
LIMITS: Final[dict[str, Any]] = {"total": 1, "per_customer": 1, "budget": {"EUR": 1000}}


NONE: Final[dict[str, Any]] = {}


@pytest.fixture
async def shop(database: Database, merchant: Caller) -> AsyncIterator[Shop]:
    """A merchant, whose records keep all promises at the end of each test."""
    shop = Shop(database, merchant)
    yield shop
    assert await shop.violations() == []


def reasons(outcome: PricedCart) -> list[CartReason]:
    return [refusal.reason for one in outcome.cart_promotions for refusal in one.reasons]


async def test_a_hold_has_the_quotes_price_and_counts_nothing(shop: Shop) -> None:
    promotion_id = await shop.once("ONCE")
    expected = await shop.quote(a_basket("ONCE"))
    held = await shop.hold("A-1", a_basket("ONCE"))
    assert held.created
    assert held.hold.outcome == expected
    assert (held.hold.created_at, held.hold.expires_at) == (NOON, END)
    assert await shop.get("A-1", BEFORE_END) == held.hold
    assert (await get_statistics(shop.database, shop.caller, promotion_id)).uses == 0


async def test_the_same_cart_again_does_not_change_the_hold(shop: Shop) -> None:
    await shop.once("ONCE")
    first = await shop.hold("A-1", a_basket("ONCE"))
    again = await shop.hold("A-1", a_basket(" once"), BEFORE_END, 30, expected_total=1)
    assert not again.created
    assert again.hold == first.hold


async def test_another_cart_takes_the_place_of_the_hold(shop: Shop) -> None:
    await shop.once("ONCE", "TWICE")
    await shop.ten_off(**LIMITS)
    await shop.hold("A-1", a_basket("ONCE", customer="c-1"))
    held = await shop.hold("A-1", a_basket("TWICE", customer="c-2", price=4000), LATER)
    assert held.created
    assert held.hold.outcome.total == 2600
    assert held.hold.expires_at == END + timedelta(seconds=60)
    [free] = (await shop.quote(a_basket("ONCE"), LATER)).codes
    [taken] = (await shop.quote(a_basket("TWICE"), LATER)).codes
    assert (free.status, taken.status) == (CodeStatus.APPLIED, CodeStatus.USED)
    assert (taken.used_at, taken.held_until) == (None, held.hold.expires_at)


async def test_the_order_of_a_hold_costs_what_was_promised_whatever_was_changed(
    shop: Shop,
) -> None:
    database, caller = shop.database, shop.caller
    once = await shop.once("ONCE")
    code = await shop.ten_off("CART", one_time=True)
    limited = await shop.ten_off(**LIMITS)
    cart = a_basket("ONCE", "CART", customer="c-1", price=5000)
    held = await shop.hold("A-1", cart)
    assert held.hold.outcome.total == 2500
    await promotions.delete_promotion(database, caller, once, NOON)
    await codes.remove_codes(database, caller, code, ["CART"], NOON)
    await cart_promotions.delete_promotion(database, caller, code, NOON)
    await shop.change(limited, active=False, total=1)
    placed = await shop.order("A-1", replace(cart, codes=("once", "cart")), BEFORE_END)
    assert placed.created
    assert placed.order.outcome == held.hold.outcome
    assert (placed.order.created_at, placed.order.status) == (BEFORE_END, OrderStatus.NOT_PAID)
    assert not (await shop.order("A-1", cart, END)).created
    with pytest.raises(HoldNotFound):
        await shop.get("A-1")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"total": 1}, CartReason.TOTAL_LIMIT),
        ({"per_customer": 1}, CartReason.CUSTOMER_LIMIT),
        ({"budget": {"EUR": 1999}}, CartReason.BUDGET),
        ({"first_order": True}, CartReason.FIRST_ORDER),
    ],
)
async def test_what_is_held_is_unavailable_to_others_until_the_end(
    shop: Shop, limits: dict[str, Any], reason: CartReason
) -> None:
    await shop.ten_off(**limits)
    cart = a_basket(customer="c-1")
    await shop.hold("A-1", cart)
    assert reasons(await shop.quote(cart, BEFORE_END)) == [reason]
    assert reasons((await shop.hold("A-2", cart, BEFORE_END)).hold.outcome) == [reason]
    assert reasons((await shop.order("A-3", cart, BEFORE_END)).order.outcome) == [reason]
    if reason is not CartReason.FIRST_ORDER:
        assert reasons(await shop.quote(cart, END)) == []
        assert reasons((await shop.order("A-4", cart, END)).order.outcome) == []
    assert await shop.sweep(END) == 1


async def test_a_first_order_that_was_held_and_not_placed_is_free_again(shop: Shop) -> None:
    await shop.ten_off(first_order=True)
    await shop.hold("A-1", a_basket(customer="c-1"))
    assert reasons((await shop.order("A-2", a_basket(customer="c-1"), END)).order.outcome) == []


async def test_a_promised_first_order_stays_one_although_others_came_between(
    shop: Shop,
) -> None:
    await shop.ten_off(first_order=True)
    await shop.hold("A-1", a_basket(customer="c-1"))
    assert (await shop.order("A-2", a_basket(customer="c-1"))).order.outcome.total == 3000
    assert (await shop.order("A-1", a_basket(customer="c-1"))).order.outcome.total == 2000


@pytest.mark.parametrize("at", [BEFORE_END, END], ids=["before its end", "at its end"])
async def test_a_one_time_code_is_held_until_the_end(shop: Shop, at: datetime) -> None:
    await shop.once("ONCE")
    await shop.hold("A-1", a_basket("ONCE"))
    if at == END:
        assert (await shop.order("A-2", a_basket("ONCE"), at)).order.outcome.total == 2700
        assert await shop.sweep(at) == 1
        return
    with pytest.raises(CodesUsedUp) as refused:
        await shop.order("A-2", a_basket("ONCE"), at)
    assert refused.value.quote.codes[0].held_until == END
    assert (await shop.order("A-2", a_basket("ONCE"), at, expected_total=3000)).created
    assert (await shop.order("A-1", a_basket("ONCE"), at)).order.outcome.total == 2700


async def test_an_order_of_another_cart_is_ordinary_and_ends_the_hold(shop: Shop) -> None:
    await shop.once("ONCE", "TWICE")
    await shop.ten_off(**LIMITS)
    await shop.hold("A-1", a_basket("ONCE", customer="c-1"))
    placed = await shop.order("A-1", a_basket("ONCE", customer="c-1", price=4000), LATER)
    assert placed.order.outcome.total == 2600
    await shop.hold("A-2", a_basket("TWICE", customer="c-2"))
    assert await shop.sweep(END) == 1


async def test_an_order_after_the_end_is_ordinary(shop: Shop) -> None:
    promotion_id = await shop.once("ONCE")
    await shop.hold("A-1", a_basket("ONCE"))
    await promotions.switch_promotion(shop.database, shop.caller, promotion_id, NOON, active=False)
    assert (await shop.order("A-1", a_basket("ONCE"), END)).order.outcome.total == 3000
    assert await shop.sweep(END) == 0


async def test_the_end_is_exact_although_clocks_differ(shop: Shop) -> None:
    """By one clock the hold has ended and its code and limit are taken; by another it has not."""
    await shop.once("ONCE")
    await shop.ten_off(**LIMITS)
    cart = a_basket("ONCE", customer="c-1")
    await shop.hold("A-1", cart)
    assert (await shop.order("A-2", cart, END)).order.outcome.total == 1700
    with pytest.raises(CodesUsedUp):
        await shop.order("A-1", cart, BEFORE_END)
    with pytest.raises(HoldNotFound):
        await shop.get("A-1", BEFORE_END)
    placed = await shop.order("A-1", cart, BEFORE_END, expected_total=3000)
    assert placed.order.outcome.total == 3000


async def test_a_released_hold_is_free_immediately(shop: Shop) -> None:
    await shop.once("ONCE")
    await shop.ten_off(first_order=True, **LIMITS)
    await shop.hold("A-1", a_basket("ONCE", customer="c-1"))
    await shop.release("A-1")
    assert (await shop.order("A-2", a_basket("ONCE", customer="c-1"))).order.outcome.total == 1700
    for at in (NOON, END):
        with pytest.raises(HoldNotFound):
            await shop.release("A-1", at)


async def test_a_hold_needs_the_total_that_is_expected(shop: Shop) -> None:
    await shop.once("ONCE")
    with pytest.raises(TotalDiffers):
        await shop.hold("A-1", a_basket("ONCE"), expected_total=3000)
    await shop.hold("A-1", a_basket("ONCE"), expected_total=2700)
    with pytest.raises(CodesUsedUp):
        await shop.hold("A-2", a_basket("ONCE"))
    agreed = await shop.hold("A-2", a_basket("ONCE"), expected_total=3000)
    assert agreed.hold.outcome.total == 3000
    with pytest.raises(TotalDiffers) as refused:
        await shop.order("A-1", a_basket("ONCE"), expected_total=3000)
    assert refused.value.quote.total == 2700
    assert (await shop.order("A-2", a_basket("ONCE"))).order.outcome.total == 3000


async def test_nothing_is_held_for_an_id_that_was_ordered(shop: Shop) -> None:
    placed = await shop.order("A-1", a_basket())
    for cart in (a_basket(), a_basket(price=4000)):
        with pytest.raises(OrderPlaced) as refused:
            await shop.hold("A-1", cart)
        assert refused.value.order == placed.order


async def test_a_hold_that_replaces_an_order_gets_what_it_took(shop: Shop) -> None:
    await shop.once("ONCE")
    await shop.ten_off(first_order=True, **LIMITS)
    cart = a_basket("ONCE", customer="c-1")
    await shop.order("A-1", cart)
    larger = replace(cart, lines=a_basket(price=4000).lines)
    held = await shop.hold("A-2", larger, replaces="A-1")
    assert held.hold.outcome.total == 2600
    assert (await checkout.get_order(shop.database, shop.caller, "A-1")).status == "not paid"
    with pytest.raises(CodesUsedUp):
        await shop.order("A-3", larger, replaces="A-1")
    assert await shop.violations() == []
    with pytest.raises(CodesUsedUp):  # without `replaces` it is another order
        await shop.order("A-2", larger)
    placed = await shop.order("A-2", larger, replaces="A-1")
    assert placed.order.outcome.total == 2600
    assert (await checkout.get_order(shop.database, shop.caller, "A-1")).replaced_by == "A-2"


async def test_the_order_to_be_replaced_is_not_held(shop: Shop) -> None:
    await shop.ten_off(**LIMITS)
    cart = a_basket(customer="c-1")
    await shop.order("A-1", cart)
    await shop.hold("A-2", cart, replaces="A-1")
    await checkout.change_order_status(shop.database, shop.caller, "A-1", OrderStatus.PAID, NOON)
    with pytest.raises(OrderNotReplaceable):
        await shop.order("A-2", cart, replaces="A-1")
    with pytest.raises(OrderNotReplaceable):
        await shop.hold("A-3", cart, replaces="A-1")


async def test_added_and_removed_limits_count_what_is_held(shop: Shop) -> None:
    promotion_id = await shop.ten_off()
    cart = a_basket(customer="c-1")
    await shop.hold("A-1", cart)
    await shop.hold("A-2", a_basket(customer="c-2"))
    choices: tuple[dict[str, Any], ...] = (LIMITS, NONE, {"total": 3})
    for limits in choices:
        await shop.change(promotion_id, **limits)
        assert await shop.violations() == []
    assert reasons((await shop.hold("A-3", cart)).hold.outcome) == []
    assert reasons(await shop.quote(cart)) == [CartReason.TOTAL_LIMIT]
    await shop.change(promotion_id, total=1, per_customer=1)
    for order_id in ("A-1", "A-3"):
        assert reasons((await shop.order(order_id, cart)).order.outcome) == []
    await shop.release("A-2")
    assert reasons(await shop.quote(a_basket(customer="c-2"))) == [CartReason.TOTAL_LIMIT]


async def test_a_restored_promotion_knows_what_is_held(shop: Shop) -> None:
    promotion_id = await shop.ten_off("CART", one_time=True, total=5)
    await shop.hold("A-1", a_basket("CART"))
    await cart_promotions.delete_promotion(shop.database, shop.caller, promotion_id, NOON)
    assert (await shop.quote(a_basket("CART"))).codes[0].status is CodeStatus.UNKNOWN
    await cart_promotions.restore_promotion(shop.database, shop.caller, promotion_id, NOON)
    assert (await shop.quote(a_basket("CART"))).codes[0].status is CodeStatus.USED
    assert (await shop.order("A-1", a_basket("CART"))).order.outcome.total == 2000


async def test_a_repeated_order_of_a_hold_with_another_cart_conflicts(shop: Shop) -> None:
    await shop.hold("A-1", a_basket())
    first = await shop.order("A-1", a_basket())
    with pytest.raises(OrderConflict) as refused:
        await shop.order("A-1", a_basket(price=1))
    assert refused.value.order == first.order


async def test_a_sweep_only_deletes_ended_holds(shop: Shop) -> None:
    await shop.once("ONCE", "TWICE")
    await shop.ten_off(first_order=True, **LIMITS)
    await shop.hold("A-1", a_basket("ONCE", customer="c-1"))
    await shop.hold("A-2", a_basket("TWICE", customer="c-2"), LATER)
    assert await shop.sweep(BEFORE_END) == 0
    assert await shop.sweep(END) == 1
    assert await shop.sweep(END) == 0
    assert (await shop.get("A-2", END)).order_id == "A-2"
    with pytest.raises(HoldNotFound):
        await shop.get("A-1", BEFORE_END)


async def test_an_erased_customer_leaves_holds_that_nobody_can_order(shop: Shop) -> None:
    database, caller = shop.database, shop.caller
    await events.start_recording(database, caller, NOON)
    await shop.once("ONCE")
    await shop.ten_off(first_order=True, **LIMITS)
    cart = a_basket("ONCE", customer="c-1")
    await shop.hold("A-1", cart)
    records = await retention.get_customer_records(database, caller.merchant_id, "c-1")
    assert [hold.order_id for hold in records.holds] == ["A-1"]
    assert await retention.erase_customer(database, caller.merchant_id, "c-1") == 0
    assert await retention.erase_customer(database, caller.merchant_id, "c-1") is None
    found = await EventSource(database, caller).news()
    assert "c-1" not in str(found)
    assert str((await shop.get("A-1")).cart.customer.id) in str(found[-1].data)
    assert await shop.violations() == []
    again = await shop.order("A-1", cart)
    assert again.order.outcome.total == 1700


async def test_a_purge_removes_holds_that_ended_before(shop: Shop) -> None:
    await shop.once("ONCE")
    await shop.hold("A-1", a_basket("ONCE"))
    await retention.purge(shop.database, shop.caller.merchant_id, END)
    assert await shop.sweep(END) == 0


async def test_events_tell_how_each_hold_began_and_ended(shop: Shop) -> None:
    await events.start_recording(shop.database, shop.caller, NOON)
    source = EventSource(shop.database, shop.caller)
    for order_id in ("A-1", "A-2", "A-3"):
        await shop.hold(order_id, a_basket())
    await shop.hold("A-1", a_basket())
    await shop.hold("A-1", a_basket(price=4000))
    await shop.release("A-2")
    await shop.order("A-3", a_basket())
    await shop.sweep(END + timedelta(hours=1))
    found = await source.news()
    assert [(one.type, one.object) for one in found] == [
        ("hold.created", "order A-1"),
        ("hold.created", "order A-2"),
        ("hold.created", "order A-3"),
        ("hold.created", "order A-1"),
        ("hold.released", "order A-2"),
        ("order.placed", "order A-3"),
        ("hold.expired", "order A-1"),
    ]
    assert [one.occurred_at for one in found] == [NOON] * 6 + [END]
    assert found[-1].data == {
        "hold": {
            "order_id": "A-1",
            "created_at": NOON.isoformat(),
            "expires_at": END.isoformat(),
            "customer_id": None,
            "replaces": None,
            "currency": "EUR",
            "subtotal": "40.00",
            "discount": "0.00",
            "total": "40.00",
            "promotions": [],
        }
    }


async def test_the_subscriptions_code_is_promised_too(shop: Shop) -> None:
    database, caller = shop.database, shop.caller
    trial = await subscription_promotions.create_promotion(
        database, caller, subscription_terms(code="TRY3"), NOON
    )
    code = SubscriptionCode("TRY3", 1, None)
    cart = replace(a_basket(), subscription=Subscription(None, "monthly", 1, (code,)))
    held = await shop.hold("A-1", cart)
    assert held.hold.outcome.total == 2100
    await subscription_promotions.change_promotion(
        database, caller, trial.id, lambda _: subscription_terms(percent_off("50")), NOON
    )
    assert (await shop.quote(cart)).total == 1500
    assert (await shop.order("A-1", cart)).order.outcome == held.hold.outcome
