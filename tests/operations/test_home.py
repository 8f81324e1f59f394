"""A merchant's home page: what needs attention, the first steps, the promotions of a time."""

from dataclasses import replace
from datetime import timedelta

import msgspec

from sconto.domain.cart_promotion import Limits
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.home import (
    MAX_OF_A_CONCERN,
    Concern,
    FirstSteps,
    Window,
)
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.promotion import PromotionType
from sconto.operations import cart_promotions, subscription_promotions
from sconto.operations.checkout import place_order
from sconto.operations.home import Home, list_calendar, show_home
from sconto.operations.products import put_products
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import (
    NOON,
    a_cart,
    a_line,
    a_period,
    a_product,
    a_promotion,
    subscription_terms,
    ten_off,
)
from tests.conftest import create_caller

DAY = timedelta(days=1)
WINDOW = Window(NOON - 30 * DAY, NOON + 31 * DAY)


async def home_of(database: Database, caller: Caller) -> Home:
    return await show_home(database, caller, NOON, NOON.date(), WINDOW)


async def concerns(database: Database, caller: Caller) -> set[tuple[Concern, str]]:
    home = await home_of(database, caller)
    return {(one.concern, one.promotion.name) for one in home.attention}


async def test_promotions_that_end_within_48_hours_are_named_the_next_first(
    database: Database, merchant: Caller
) -> None:
    for name, ends_in in (("two days", 48), ("an hour", 1), ("later", 49), ("over", -1)):
        period = a_period(NOON - DAY, NOON + timedelta(hours=ends_in))
        await create_promotion(database, merchant, a_promotion(name=name, period=period), NOON)
    off = a_promotion(name="off", active=False, period=a_period(NOON - DAY, NOON + DAY))
    await create_promotion(database, merchant, off, NOON)
    coming = a_promotion(name="coming", period=a_period(NOON + DAY, NOON + DAY))
    await create_promotion(database, merchant, coming, NOON)
    terms = subscription_terms()
    ending = replace(terms, constraint=replace(terms.constraint, ends_at=NOON + DAY))
    await subscription_promotions.create_promotion(database, merchant, ending, NOON)
    home = await home_of(database, merchant)
    ends = [one for one in home.attention if one.concern is Concern.ENDS_SOON]
    assert [one.promotion.name for one in ends] == ["an hour", "Thirty percent", "two days"]
    assert ends[0].ends_at == NOON + timedelta(hours=1)


async def test_codes_and_limits_are_named_when_90_percent_are_used(
    database: Database, merchant: Caller
) -> None:
    codes = tuple(f"ONCE-{number}" for number in range(10))
    once = a_promotion(name="once", codes=codes, code_type=CodeType.ONE_TIME)
    await create_promotion(database, merchant, once, NOON)
    limits = Limits(total=10, budget={"EUR": 11000})
    limited = msgspec.structs.replace(ten_off("TEN", limits=limits), name="limited")
    await cart_promotions.create_promotion(database, merchant, limited, NOON)
    for number in range(8):
        await order(database, merchant, f"{number}", codes[number], "TEN")
    nearly = Concern.NEARLY_USED
    assert not {(nearly, "once"), (nearly, "limited")} & await concerns(database, merchant)
    await order(database, merchant, "8", codes[8], "TEN")
    left = {
        (one.promotion.name, one.of): one.left
        for one in (await home_of(database, merchant)).attention
        if one.concern is nearly
    }
    assert left == {("once", "codes"): 1, ("limited", "total"): 1}
    await order(database, merchant, "9", codes[9], "TEN")
    left = {
        (one.promotion.name, one.of): one.left
        for one in (await home_of(database, merchant)).attention
        if one.concern is nearly
    }
    assert left == {("once", "codes"): 0, ("limited", "total"): 0, ("limited", "EUR"): 1000}


async def test_a_promotion_that_is_on_without_codes_is_named(
    database: Database, merchant: Caller
) -> None:
    bare = a_promotion(name="bare", type_=PromotionType.COUPON)
    await create_promotion(database, merchant, bare, NOON)
    await create_promotion(database, merchant, replace(bare, name="off", active=False), NOON)
    await create_promotion(database, merchant, a_promotion(name="one", codes=("ONE",)), NOON)
    assert await concerns(database, merchant) == {(Concern.NO_CODES, "bare")}


async def test_a_promotion_that_never_wins_is_named(database: Database, merchant: Caller) -> None:
    await put_products(database, merchant, [a_product(1), a_product(2)], NOON)
    one, two = ListedProducts(5 * PERCENT, (1,)), ListedProducts(5 * PERCENT, (1, 2))
    for name, coverage in (("older", one), ("partly", two), ("newer", one)):
        await create_promotion(database, merchant, a_promotion(name=name, coverage=coverage), NOON)
    for name in ("older for all", "newer for all"):
        new = a_promotion(name=name, coverage=AllProducts(PERCENT))
        await create_promotion(database, merchant, new, NOON)
    await create_promotion(
        database, merchant, a_promotion(name="small", codes=("SMALL",), coverage=one), NOON
    )
    big = a_promotion(name="big", codes=("BIG",), coverage=AllProducts(50 * PERCENT))
    await create_promotion(database, merchant, big, NOON)
    never = Concern.NEVER_WINS
    assert await concerns(database, merchant) == {(never, "older"), (never, "older for all")}
    await order(database, merchant, "beaten", "BIG", product_id=1)
    home = await home_of(database, merchant)
    beaten = {one.promotion.name: one.beaten for one in home.attention if one.concern is never}
    assert beaten == {"older": 0, "older for all": 0, "newer": 1, "newer for all": 1}


async def test_one_more_of_each_concern_is_read_than_shown(
    database: Database, merchant: Caller
) -> None:
    for number in range(9):
        bare = a_promotion(name=f"{number}", type_=PromotionType.COUPON)
        await create_promotion(database, merchant, bare, NOON)
    assert len((await home_of(database, merchant)).attention) == MAX_OF_A_CONCERN + 1


async def test_the_first_steps_tick_themselves(database: Database, merchant: Caller) -> None:
    async def steps() -> FirstSteps | None:
        return (await home_of(database, merchant)).steps

    assert await steps() == FirstSteps(False, False, False, False, False)
    await put_products(database, merchant, [a_product(1)], NOON)
    assert await steps() == FirstSteps(True, False, False, False, False)
    await create_promotion(database, merchant, a_promotion(active=False), NOON)
    assert await steps() == FirstSteps(True, True, False, False, False)
    await order(database, merchant, "full price", product_id=1)
    assert await steps() == FirstSteps(True, True, False, True, False)
    await create_promotion(database, merchant, a_promotion(), NOON)
    assert await steps() == FirstSteps(True, True, True, True, False)
    await order(database, merchant, "with a discount", product_id=1)
    assert await steps() is None


async def test_the_calendar_has_promotions_that_run_in_part_of_its_time(
    database: Database, merchant: Caller
) -> None:
    start, end = NOON, NOON + 10 * DAY
    for name, period in {
        "before": a_period(start - 9 * DAY, start - timedelta(seconds=2)),
        "until it begins": a_period(start - 2 * DAY, start - timedelta(seconds=1)),
        "into it": a_period(start - 3 * DAY, start),
        "around": a_period(start - 4 * DAY),
        "within": a_period(start + DAY, start + 2 * DAY),
        "from its last moment": a_period(end - timedelta(microseconds=1)),
        "after": a_period(end),
    }.items():
        await create_promotion(database, merchant, a_promotion(name=name, period=period), NOON)
    await create_promotion(database, merchant, a_promotion(name="off", active=False), NOON)
    await create_promotion(database, await create_caller(database), a_promotion(), NOON)
    terms = replace(subscription_terms(), name="subscription")
    await subscription_promotions.create_promotion(database, merchant, terms, start + 3 * DAY)
    found: list[str] = []
    after = None
    while True:
        page = await list_calendar(database, merchant, Window(start, end), after, 2)
        found += [entry.promotion.name for entry in page.entries]
        if (after := page.next) is None:
            break
    assert found == ["from its last moment", "subscription", "within", "into it", "around"]


async def order(
    database: Database, caller: Caller, order_id: str, *codes: str, product_id: int = 9
) -> None:
    """An order of one product at 100.00."""
    cart = a_cart(a_line(product_id, unit_price=10000), codes=codes)
    await place_order(database, caller, NewOrder(order_id, cart), NOON, NOON.date())
