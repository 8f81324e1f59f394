"""Events: which ones there are, once each, and in which order."""

import asyncio
from datetime import timedelta
from functools import partial

from msgspec.structs import replace

from sconto.domain.cart import Customer
from sconto.domain.cart_promotion import Limits
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts
from sconto.domain.history import Facts
from sconto.domain.money import PERCENT
from sconto.domain.order import OrderStatus
from sconto.domain.people import Caller
from sconto.domain.promotion import PromotionChange, PromotionType, Terms
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import Constraint
from sconto.operations import (
    cart_promotions,
    codes,
    events,
    promotions,
    subscription_promotions,
    subscriptions,
)
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line, a_period, a_promotion, subscription_terms, ten_off
from tests.conftest import own_database
from tests.operations.event_source import EventSource, an_event_source

database = own_database

HOUR = timedelta(hours=1)
RENEWING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND state = 'active' AND query LIKE '%renewed AS (%'
  AND pid <> pg_backend_pid()
"""


def data_of(source: EventSource, type_: str) -> Facts:
    [event] = [one for one in source.seen if one.type == type_]
    return event.data


async def test_the_event_of_an_order_has_its_outcome(source: EventSource) -> None:
    await promotions.create_promotion(
        source.database, source.caller, a_promotion(codes=("TEN",)), NOON
    )
    await source.news()
    cart = replace(a_cart(a_line(unit_price=1999), codes=("TEN",)), customer=Customer("c-1"))
    await source.order("A-1", cart=cart)
    [placed] = await source.news()
    assert (placed.type, placed.object, placed.occurred_at) == ("order.placed", "order A-1", NOON)
    order = placed.data["order"]
    assert isinstance(order, dict)
    [promotion] = order.pop("promotions")
    assert order == {
        "order_id": "A-1",
        "status": "not paid",
        "created_at": NOON.isoformat(),
        "customer_id": "c-1",
        "replaces": None,
        "currency": "EUR",
        "subtotal": "19.99",
        "discount": "2.00",
        "total": "17.99",
    }
    assert promotion | {"id": 0} == {"kind": "product", "id": 0, "code": "TEN", "discount": "2.00"}


async def test_each_change_of_an_order_is_an_event_and_repetitions_are_not(
    source: EventSource,
) -> None:
    await source.order("A-1")
    await source.order("A-1")
    await source.set_status("A-1", OrderStatus.PAID)
    await source.set_status("A-1", OrderStatus.PAID)
    await source.set_status("A-1", OrderStatus.NOT_PAID)
    await source.order("A-2", replaces="A-1")
    await source.set_status("A-2", OrderStatus.DELETED)
    assert [(one.type, one.object) for one in await source.news()] == [
        ("order.placed", "order A-1"),
        ("order.paid", "order A-1"),
        ("order.not_paid", "order A-1"),
        ("order.replaced", "order A-1"),
        ("order.placed", "order A-2"),
        ("order.deleted", "order A-2"),
    ]
    replaced = data_of(source, "order.replaced")["order"]
    assert isinstance(replaced, dict)
    assert (replaced["status"], replaced["replaced_by"]) == ("deleted", "A-2")


async def test_a_merchant_who_records_nothing_leaves_no_trace(
    database: Database, merchant: Caller
) -> None:
    source = EventSource(database, merchant)
    await promotions.create_promotion(database, merchant, a_promotion(), NOON)
    await source.order("A-1")
    await source.set_status("A-1", OrderStatus.PAID)
    async with database.read() as connection:
        assert not await connection.fetchval(
            "SELECT count(*) FROM event_outbox WHERE merchant_id = $1", merchant.merchant_id
        )
    assert await source.news() == []


async def test_changes_of_a_product_promotion_are_events(source: EventSource) -> None:
    database, caller = source.database, source.caller
    change = partial(promotions.change_promotion, database, caller)
    coupon = PromotionType.COUPON
    id_ = await promotions.create_promotion(
        database, caller, a_promotion(codes=("ONE",), code_type=CodeType.ONE_TIME), NOON
    )
    assert await source.types() == ["promotion.created", "promotion.started"]
    await change(id_, PromotionChange(coupon, name="Other"), NOON)
    assert await source.types() == ["promotion.changed"]
    assert data_of(source, "promotion.changed") == {
        "promotion": {
            "kind": "product",
            "id": id_,
            "name": "Other",
            "active": True,
            "starts_at": "2026-01-01T00:00:00+00:00",
            "ends_at": None,
        },
        "before": {"name": "Ten percent"},
        "after": {"name": "Other"},
    }
    await codes.add_codes(database, caller, id_, ["TWO", "THREE"], NOON)
    await codes.remove_codes(database, caller, id_, ["TWO"], NOON)
    assert await source.types() == ["promotion.codes_added", "promotion.codes_removed"]
    assert data_of(source, "promotion.codes_added")["codes"] == {"added": 2, "removed": 0}
    await change(id_, PromotionChange(coupon, active=False), NOON)
    await change(id_, PromotionChange(coupon, active=True), NOON)
    assert await source.types() == [
        "promotion.switched_off",
        "promotion.ended",
        "promotion.switched_on",
        "promotion.started",
    ]
    await promotions.delete_promotion(database, caller, id_, NOON)
    await promotions.restore_promotion(database, caller, id_, NOON)
    assert await source.types() == [
        "promotion.deleted",
        "promotion.ended",
        "promotion.restored",
        "promotion.started",
    ]
    terms = Terms(AllProducts(20 * PERCENT), CodeType.ONE_TIME, ("FOUR",))
    await change(id_, PromotionChange(coupon, active=False, terms=terms), NOON)
    assert await source.types() == [
        "promotion.changed",
        "promotion.switched_off",
        "promotion.ended",
    ]
    assert "THREE" not in str([one.data for one in source.seen])


async def test_changes_of_cart_and_subscription_promotions_are_events(
    source: EventSource,
) -> None:
    database, caller = source.database, source.caller
    created = await cart_promotions.create_promotion(database, caller, ten_off("TEN"), NOON)
    await cart_promotions.delete_promotion(database, caller, created.id, NOON)
    await cart_promotions.restore_promotion(database, caller, created.id, NOON)
    subscribed = await subscription_promotions.create_promotion(
        database, caller, subscription_terms(), NOON
    )
    await subscription_promotions.change_promotion(
        database, caller, subscribed.id, lambda _: subscription_terms(enabled=False), NOON
    )
    await subscription_promotions.archive_promotion(database, caller, subscribed.id, NOON)
    cart, subscription = f"promotion {created.id}", f"subscription promotion {subscribed.id}"
    assert [(one.object, one.type.partition(".")[2]) for one in await source.news()] == [
        (cart, "created"),
        (cart, "started"),
        (cart, "deleted"),
        (cart, "ended"),
        (cart, "restored"),
        (cart, "started"),
        (subscription, "created"),
        (subscription, "started"),
        (subscription, "switched_off"),
        (subscription, "ended"),
        (subscription, "deleted"),
    ]
    kinds = {one.data["promotion"]["kind"] for one in source.seen}  # type: ignore[index]
    assert kinds == {"cart", "subscription"}


async def test_starts_and_ends_are_sent_once_when_their_time_comes(source: EventSource) -> None:
    database, caller = source.database, source.caller
    period = a_period(NOON + HOUR, NOON + 2 * HOUR)
    await promotions.create_promotion(database, caller, a_promotion(period=period), NOON)
    await subscription_promotions.create_promotion(
        database,
        caller,
        subscription_terms(constraint=Constraint(NOON + HOUR, NOON + 2 * HOUR)),
        NOON,
    )
    assert await source.types() == ["promotion.created"] * 2
    assert await source.types(NOON + HOUR - timedelta(seconds=1)) == []
    # Several processes check at the same time, and one of them has a clock that is late.
    times = [NOON + HOUR, NOON + HOUR + timedelta(seconds=5), NOON + HOUR - timedelta(seconds=5)]
    await asyncio.gather(*(events.record_starts_and_ends(database, at) for at in times * 3))
    started = await source.news(NOON + HOUR)
    assert [(one.type, one.occurred_at) for one in started] == [
        ("promotion.started", NOON + HOUR)
    ] * 2
    # The end is included, with its whole second.
    assert await source.types(NOON + 2 * HOUR + timedelta(milliseconds=999)) == []
    ended = await source.news(NOON + 3 * HOUR)
    assert [(one.type, one.occurred_at) for one in ended] == [
        ("promotion.ended", NOON + 2 * HOUR + timedelta(seconds=1))
    ] * 2
    assert await source.types(NOON + 3 * HOUR) == []


async def test_starts_and_ends_while_no_process_was_up_are_sent_afterwards(
    source: EventSource,
) -> None:
    database, caller = source.database, source.caller
    passed = a_period(NOON + HOUR, NOON + 2 * HOUR)
    await promotions.create_promotion(database, caller, a_promotion(period=passed), NOON)
    over = a_period(NOON - 2 * HOUR, NOON - HOUR)
    await promotions.create_promotion(database, caller, a_promotion(period=over), NOON)
    assert await source.types(NOON + 9 * HOUR) == [
        "promotion.created",
        "promotion.created",
        "promotion.started",
        "promotion.ended",
    ]


async def test_a_change_that_waits_until_recording_is_on_is_recorded(
    database: Database, merchant: Caller
) -> None:
    # Without its merchant, it lets the other edit of this process begin.
    async with asyncio.timeout(30), database.write() as switching:
        await events.record_from_now(switching, merchant.merchant_id, NOON)
        creating = asyncio.create_task(
            subscription_promotions.create_promotion(database, merchant, subscription_terms(), NOON)
        )
        async with database.read() as connection:
            seen = 0
            while seen < 3:
                seen += await connection.fetchval(RENEWING)
                await asyncio.sleep(0.01)
    await creating
    assert await EventSource(database, merchant).types() == [
        "promotion.created",
        "promotion.started",
    ]


async def test_promotions_running_when_recording_begins_get_no_started_event(
    database: Database, merchant: Caller
) -> None:
    id_ = await promotions.create_promotion(database, merchant, a_promotion(), NOON)
    source = await an_event_source(database, merchant)
    assert await source.types() == []
    await promotions.switch_promotion(database, merchant, id_, NOON, active=False)
    assert await source.types() == ["promotion.switched_off", "promotion.ended"]


async def test_reached_limits_and_budgets_are_events(source: EventSource) -> None:
    new = ten_off("TEN")
    limits = Limits(total=2, budget={"EUR": 1500})
    new = replace(new, terms=replace(new.terms, limits=limits))
    await cart_promotions.create_promotion(source.database, source.caller, new, NOON)
    await source.news()
    cart = a_cart(a_line(unit_price=5000), codes=("TEN",))
    await source.order("A-1", cart=cart)
    # Another order of ten euros does not fit into five.
    assert await source.types() == ["order.placed", "promotion.budget_reached"]
    budget = data_of(source, "promotion.budget_reached")
    assert {name: budget[name] for name in budget if name != "promotion"} == {
        "currency": "EUR",
        "limit": "15.00",
        "taken": "10.00",
    }
    await source.order("A-2", cart=a_cart(a_line(unit_price=400), codes=("TEN",)))
    assert await source.types() == ["order.placed", "promotion.limit_reached"]
    # A deleted order gives back what it took. A limit that is reached once more is sent once more.
    await source.set_status("A-2", OrderStatus.DELETED)
    assert await source.types() == ["order.deleted"]
    await source.order("A-3", cart=a_cart(a_line(unit_price=400), codes=("TEN",)))
    assert await source.types() == [
        "order.placed",
        "promotion.budget_reached",
        "promotion.limit_reached",
    ]


async def test_two_orders_that_take_the_last_two_codes_make_one_event(
    source: EventSource,
) -> None:
    new = a_promotion(codes=("A", "B"), code_type=CodeType.ONE_TIME)
    id_ = await promotions.create_promotion(source.database, source.caller, new, NOON)
    await source.news()
    orders = [source.order(f"A-{code}", cart=a_cart(codes=(code,))) for code in "AB"]
    await asyncio.gather(*orders)
    types = await source.types()
    assert sorted(types) == ["order.placed", "order.placed", "promotion.codes_used_up"]
    await codes.add_codes(source.database, source.caller, id_, ["C"], NOON)
    assert await source.types() == ["promotion.codes_added"]
    await source.order("A-C", cart=a_cart(codes=("C",)))
    assert await source.types() == ["order.placed", "promotion.codes_used_up"]


async def test_the_reached_limit_of_a_subscription_promotion_is_an_event(
    source: EventSource,
) -> None:
    terms = subscription_terms(constraint=Constraint(max_usage=2))
    await subscription_promotions.create_promotion(source.database, source.caller, terms, NOON)
    await source.news()
    contract = Contract(None, "monthly")
    await subscriptions.apply_code(source.database, source.caller, "TRY3", contract, NOON)
    assert await source.types() == []
    await subscriptions.apply_code(source.database, source.caller, "TRY3", contract, NOON)
    assert await source.types() == ["promotion.limit_reached"]
    reached = data_of(source, "promotion.limit_reached")
    assert (reached["limit"], reached["taken"]) == (2, 2)
