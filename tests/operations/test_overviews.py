"""The list of promotions: sorting, filters and pages, at a bounded cost."""

from dataclasses import replace
from datetime import timedelta
from itertools import chain

import pytest
from msgspec import structs

from sconto.domain.cart_promotion import NewCartPromotion
from sconto.domain.codes import CodeType
from sconto.domain.coverage import OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.overview import (
    DAYS_SHOWN,
    CartPromotionOverview,
    Discount,
    ListCount,
    ListedCodes,
    ListKind,
    ListOrder,
    ListState,
    OverviewQuery,
)
from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.domain.promotion import PromotionChange, PromotionType
from sconto.domain.schedule import Period
from sconto.operations import cart_promotions, checkout, overviews, products, promotions
from sconto.store import promotion_pages
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line, a_period, a_product, a_promotion, ten_off
from tests.conftest import create_caller

TODAY = NOON.date()
HOUR = timedelta(hours=1)


async def names(database: Database, caller: Caller, query: OverviewQuery) -> list[list[str]]:
    """The names on each page, up to the last page."""
    pages = []
    while True:
        page = await overviews.list_overviews(database, caller, query, NOON, TODAY)
        pages.append([overview.summary.name for overview in page.overviews])
        if page.next is None:
            return pages
        query = replace(query, after=page.next)


async def test_each_sort_order_lists_all_promotions_once(
    database: Database, merchant: Caller
) -> None:
    for number, name in enumerate(["b", "a", "C", "a", "d"]):
        period = a_period(ends_at=NOON + number * HOUR if number % 2 else None)
        new = a_promotion(name=name, period=period)
        promotion_id = await promotions.create_promotion(database, merchant, new, NOON)
        if name == "b":
            first = promotion_id
    change = PromotionChange(PromotionType.DISCOUNT, name="B")
    await promotions.change_promotion(database, merchant, first, change, NOON + HOUR)

    assert {
        order: await names(database, merchant, OverviewQuery(limit=2, order=order))
        for order in ListOrder
    } == {
        ListOrder.EDITED: [["B", "d"], ["a", "C"], ["a"]],
        ListOrder.CREATED: [["d", "a"], ["C", "a"], ["B"]],
        ListOrder.NAME: [["a", "a"], ["B", "C"], ["d"]],
        ListOrder.START: [["B", "a"], ["C", "a"], ["d"]],
        ListOrder.END: [["a", "a"], ["B", "C"], ["d"]],
    }
    for order in ListOrder:
        query = OverviewQuery(limit=2, order=order)
        turned = await names(database, merchant, replace(query, turned=True))
        listed = await names(database, merchant, query)
        assert list(chain(*turned)) == list(chain(*listed))[::-1]


async def test_pages_backwards_are_the_same_as_forwards(
    database: Database, merchant: Caller
) -> None:
    for number in range(7):
        new = a_promotion(name=f"Sale {number}", active=number != 3)
        await promotions.create_promotion(database, merchant, new, NOON)
    for search in (None, "sale"):
        query = OverviewQuery(limit=3, order=ListOrder.NAME, search=search, state=ListState.ON)
        pages = []
        while True:
            page = await overviews.list_overviews(database, merchant, query, NOON, TODAY)
            assert page.count == ListCount(6, exact=True)
            pages.append(page.overviews)
            if page.next is None:
                break
            query = replace(query, after=page.next)
        assert page.previous is not None
        query = replace(query, after=None, before=page.previous)
        page = await overviews.list_overviews(database, merchant, query, NOON, TODAY)
        assert (page.overviews, page.previous) == (pages[0], None)
        assert page.next is not None
        # Only two promotions come before the third, so the first page is shown, not a part of it.
        query = replace(query, before=page.next, limit=4)
        page = await overviews.list_overviews(database, merchant, query, NOON, TODAY)
        assert [one.summary.name[-1] for one in page.overviews] == ["0", "1", "2", "4"]


async def test_one_list_has_promotions_of_all_kinds_in_one_order(
    database: Database, merchant: Caller
) -> None:
    for number in range(5):
        if number % 2:
            new = replace_name(ten_off(), f"{number}")
            await cart_promotions.create_promotion(database, merchant, new, NOON + number * HOUR)
        else:
            product_promotion = a_promotion(name=f"{number}")
            await promotions.create_promotion(
                database, merchant, product_promotion, NOON + number * HOUR
            )
    for order, pages in {
        ListOrder.EDITED: [["4", "3"], ["2", "1"], ["0"]],
        ListOrder.CREATED: [["4", "3"], ["2", "1"], ["0"]],
        ListOrder.NAME: [["0", "1"], ["2", "3"], ["4"]],
        ListOrder.START: [["0", "2"], ["4", "1"], ["3"]],
        ListOrder.END: [["0", "1"], ["2", "3"], ["4"]],
    }.items():
        assert await names(database, merchant, OverviewQuery(limit=2, order=order)) == pages
    query = OverviewQuery(kind=ListKind.CART)
    assert await names(database, merchant, query) == [["3", "1"]]


def replace_name(new: NewCartPromotion, name: str) -> NewCartPromotion:
    return structs.replace(new, name=name)


async def test_a_cart_promotion_is_listed_with_its_codes_orders_and_state(
    database: Database, merchant: Caller
) -> None:
    period = Period(NOON - HOUR, NOON + HOUR)
    new = structs.replace(ten_off("ONCE"), code_type=CodeType.ONE_TIME, period=period)
    created = await cart_promotions.create_promotion(database, merchant, new, NOON)
    cart = a_cart(a_line(unit_price=5000), codes=("once",))
    await checkout.place_order(database, merchant, NewOrder("1", cart), NOON, TODAY)

    page = await overviews.list_overviews(database, merchant, OverviewQuery(), NOON, TODAY)
    [overview] = page.overviews
    assert isinstance(overview, CartPromotionOverview)
    assert overview.summary == created
    assert overview.codes == ListedCodes(CodeType.ONE_TIME, ("ONCE",), 1, used_up=True)
    assert (overview.orders.count, overview.orders.daily[-1]) == (1, 1)
    assert overview.orders.discounts == {"EUR": 1000}
    shown, statistics = await cart_promotions.get_overview(database, merchant, created.id, TODAY)
    assert (shown, statistics.discounts) == (overview, {"EUR": 1000})

    found = {
        state: await names(database, merchant, OverviewQuery(state=state)) != [[]]
        for state in ListState
    }
    assert found == {
        ListState.RUNNING: True,
        ListState.NOT_STARTED: False,
        ListState.EXPIRED: False,
        ListState.ON: True,
        ListState.OFF: False,
        ListState.USED_UP: True,
    }


async def test_a_deleted_promotion_of_any_kind_is_listed_until_it_is_restored(
    database: Database, merchant: Caller
) -> None:
    cart = await cart_promotions.create_promotion(database, merchant, ten_off(), NOON)
    product = await promotions.create_promotion(database, merchant, a_promotion(), NOON)
    await cart_promotions.delete_promotion(database, merchant, cart.id, NOON)
    await promotions.delete_promotion(database, merchant, product, NOON + HOUR / 2)
    deleted = await overviews.list_deleted(database, merchant, NOON + HOUR / 2)
    assert [(one.id, one.kind, one.name) for one in deleted] == [
        (product, ListKind.DISCOUNT, "Ten percent"),
        (cart.id, ListKind.CART, "Ten off"),
    ]
    for _ in range(2):
        await cart_promotions.restore_promotion(database, merchant, cart.id, NOON)
    assert [one.id for one in await overviews.list_deleted(database, merchant, NOON)] == [product]
    with pytest.raises(PromotionNotFound):
        await cart_promotions.restore_promotion(database, merchant, product, NOON)


async def test_each_state_and_kind_lists_its_promotions(
    database: Database, merchant: Caller
) -> None:
    for new in (
        a_promotion(name="running"),
        a_promotion(name="off", active=False),
        a_promotion(name="over", period=a_period(ends_at=NOON - HOUR)),
        a_promotion(name="to come", period=a_period(NOON + HOUR)),
        a_promotion(name="spent", codes=("ONCE",), code_type=CodeType.ONE_TIME),
        a_promotion(name="fresh", codes=("OTHER",), code_type=CodeType.ONE_TIME),
    ):
        await promotions.create_promotion(database, merchant, new, NOON - HOUR)
    cart = a_cart(codes=("ONCE",))
    await checkout.place_order(database, merchant, NewOrder("1", cart), NOON, TODAY)

    async def found(**asked: object) -> set[str]:
        pages = await names(database, merchant, replace(OverviewQuery(), **asked))  # type: ignore[arg-type]
        return {name for page in pages for name in page}

    assert {state: await found(state=state) for state in ListState} == {
        ListState.RUNNING: {"running", "spent", "fresh"},
        ListState.NOT_STARTED: {"to come"},
        ListState.EXPIRED: {"over"},
        ListState.ON: {"running", "over", "to come", "spent", "fresh"},
        ListState.OFF: {"off"},
        ListState.USED_UP: {"spent"},
    }
    assert await found(kind=ListKind.COUPON) == {"spent", "fresh"}
    assert await found(search="RESH", kind=ListKind.COUPON) == {"fresh"}
    assert await found(search="\0") == set()
    assert await found(search="%") == set()


async def test_an_overview_has_codes_discount_and_daily_orders(
    database: Database, merchant: Caller
) -> None:
    await products.put_products(database, merchant, [a_product(1), a_product(2)], NOON)
    coverage = OwnPercents({1: 10 * PERCENT, 2: 30 * PERCENT})
    new = a_promotion(coverage=coverage, codes=("ONE", "TWO", "THREE"))
    promotion_id = await promotions.create_promotion(database, merchant, new, NOON)
    for number, days_ago in enumerate((0, 0, 29, 30)):
        order = NewOrder(str(number), a_cart(a_line(1), a_line(2, line_id="2"), codes=("TWO",)))
        day = TODAY - timedelta(days=days_ago)
        await checkout.place_order(database, merchant, order, NOON, day)

    overview = await overviews.get_overview(database, merchant, promotion_id, TODAY)

    assert overview.discount == Discount(10 * PERCENT, 30 * PERCENT, 2)
    assert overview.codes == ListedCodes(None, ("ONE", "TWO"), 3, used_up=False)
    assert (overview.orders.count, overview.orders.discounts) == (3, {"EUR": 1200})
    assert overview.orders.daily == (1, *(0,) * (DAYS_SHOWN - 2), 2)
    page = await overviews.list_overviews(database, merchant, OverviewQuery(), NOON, TODAY)
    assert page.overviews == (overview,)


async def test_a_filter_with_few_matches_continues_where_it_stopped(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("needle", "hay", "hay", "hay", "hay", "needle"):
        new = a_promotion(name=name, active=name == "hay")
        await promotions.create_promotion(database, merchant, new, NOON)
    monkeypatch.setattr(promotion_pages, "LOOKED_AT", 3)
    query = OverviewQuery(state=ListState.OFF)
    assert await names(database, merchant, query) == [["needle"], ["needle"], []]
    page = await overviews.list_overviews(database, merchant, query, NOON, TODAY)
    assert page.count == ListCount(1, exact=False)


async def test_a_search_finds_the_oldest_by_name_and_code(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = a_promotion(name="Newsletter", codes=("WELCOME-15",))
    await promotions.create_promotion(database, merchant, new, NOON)
    for _ in range(4):
        await promotions.create_promotion(database, merchant, a_promotion(name="Sale"), NOON)
    monkeypatch.setattr(promotion_pages, "LOOKED_AT", 2)
    for search in ("letter", "come-1", "we"):
        query = OverviewQuery(search=search)
        assert await names(database, merchant, query) == [["Newsletter"]]
    # More are found than are listed.
    monkeypatch.setattr(promotion_pages, "MAX_FOUND", 2)
    query = OverviewQuery(search="sale", limit=2)
    assert await names(database, merchant, query) == [["Sale", "Sale"], ["Sale", "Sale"], []]


async def test_an_overview_of_a_foreign_or_deleted_promotion_is_not_found(
    database: Database, merchant: Caller
) -> None:
    other_merchant = await create_caller(database)
    theirs = await promotions.create_promotion(database, other_merchant, a_promotion(), NOON)
    mine = await promotions.create_promotion(database, merchant, a_promotion(), NOON)
    await promotions.delete_promotion(database, merchant, mine, NOON)
    for promotion_id in (theirs, mine, 2**64):
        with pytest.raises(PromotionNotFound):
            await overviews.get_overview(database, merchant, promotion_id, TODAY)
    assert await names(database, merchant, OverviewQuery()) == [[]]
