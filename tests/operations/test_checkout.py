"""Carts are priced from stored promotions, by the rules of `domain.pricing`."""

from datetime import timedelta

from sconto.domain.bill import PricedCart
from sconto.domain.cart import Line
from sconto.domain.choice import Group
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.promotion import PromotionChange, PromotionType
from sconto.domain.schedule import INSTANT, SECOND, Period
from sconto.operations.checkout import list_prices, place_order, quote
from sconto.operations.products import delete_product
from sconto.operations.promotions import change_promotion, create_promotion, delete_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock

MUG, CUP, PAN = 11, 22, 33
THREE = tuple(a_line(product, line_id=str(product)) for product in (MUG, CUP, PAN))


def picks(priced: PricedCart) -> dict[int, list[tuple[int, Group]]]:
    return {
        line.product_id: [(pick.promotion_id, pick.group) for pick in line.picks]
        for line in priced.lines
    }


async def test_each_group_picks_for_the_products_it_covers(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [MUG, CUP])
    everywhere, specific, own, code = [
        await create_promotion(database, merchant, new, NOON)
        for new in (
            a_promotion(coverage=AllProducts(5 * PERCENT)),
            a_promotion(coverage=ListedProducts(20 * PERCENT, (MUG, CUP))),
            a_promotion(coverage=OwnPercents({CUP: 7 * PERCENT})),
            a_promotion(coverage=ListedProducts(10 * PERCENT, (MUG,)), codes=("Скидка",)),
        )
    ]
    priced = await quote(database, merchant, a_cart(*THREE, codes=("СКИДКА",)), NOON)
    assert picks(priced) == {
        MUG: [
            (specific, Group.AUTOMATIC_SPECIFIC),
            (code, Group.CODE),
            (everywhere, Group.AUTOMATIC_ALL),
        ],
        CUP: [(own, Group.AUTOMATIC_SPECIFIC), (everywhere, Group.AUTOMATIC_ALL)],
        PAN: [(everywhere, Group.AUTOMATIC_ALL)],
    }
    assert [line.discount for line in priced.lines] == [200, 70, 50]
    assert [line.known for line in priced.lines] == [True, True, False]
    assert [outcome.status for outcome in priced.codes] == [CodeStatus.OUTDONE]


async def test_a_code_with_own_percents_gives_each_product_its_own(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [MUG, CUP])
    coverage = OwnPercents({MUG: 30 * PERCENT, CUP: 12_345_678})
    await create_promotion(database, merchant, a_promotion(coverage=coverage, codes=("x",)), NOON)
    priced = await quote(database, merchant, a_cart(*THREE, codes=("X",)), NOON)
    assert [[pick.percent for pick in line.picks] for line in priced.lines] == [
        [30 * PERCENT],
        [12_345_678],
        [],
    ]


async def test_a_cart_is_priced_as_of_another_time(database: Database, merchant: Caller) -> None:
    period = Period(NOON, NOON + timedelta(hours=1))
    assert period.ends_at is not None
    for codes in ((), ("hour",)):
        new = a_promotion(period=period, codes=codes)
        await create_promotion(database, merchant, new, NOON)
    cart = a_cart(codes=("hour",))
    for at, status, discount in (
        (period.starts_at - INSTANT, CodeStatus.NOT_STARTED, 0),
        (period.starts_at, CodeStatus.APPLIED, 100),
        (period.ends_at, CodeStatus.APPLIED, 100),
        (period.ends_at + SECOND - INSTANT, CodeStatus.APPLIED, 100),
        (period.ends_at + SECOND, CodeStatus.EXPIRED, 0),
    ):
        priced = await quote(database, merchant, cart, at)
        assert ([code.status for code in priced.codes], priced.discount) == ([status], discount)
    assert priced.codes[0].ended_at == period.ends_at


async def test_inactive_and_deleted_promotions_and_those_of_another_type_give_nothing(
    database: Database, merchant: Caller
) -> None:
    off = await create_promotion(database, merchant, a_promotion(codes=("x",), active=False), NOON)
    cart = a_cart(codes=("x",))
    priced = await quote(database, merchant, cart, NOON)
    assert priced.codes[0].status is CodeStatus.INACTIVE
    await delete_promotion(database, merchant, off, NOON)
    priced = await quote(database, merchant, cart, NOON)
    assert priced.codes[0].status is CodeStatus.UNKNOWN
    changed = await create_promotion(database, merchant, a_promotion(codes=("x",)), NOON)
    terms = a_promotion().terms
    change = PromotionChange(PromotionType.DISCOUNT, terms=terms)
    await change_promotion(database, merchant, changed, change, NOON)
    priced = await quote(database, merchant, cart, NOON)
    assert priced.codes[0].status is CodeStatus.UNKNOWN
    assert picks(priced) == {11111: [(changed, Group.AUTOMATIC_ALL)]}


async def test_a_cart_sees_nothing_of_another_merchant(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [MUG])
    await create_promotion(database, merchant, a_promotion(codes=("x",)), NOON)
    await create_promotion(database, merchant, a_promotion(), NOON)
    other = await create_caller(database)
    priced = await quote(database, other, a_cart(a_line(MUG), codes=("x",)), NOON)
    [line] = priced.lines
    assert (line.known, line.picks) == (False, ())
    assert priced.codes[0].status is CodeStatus.UNKNOWN


async def test_a_deleted_product_is_unknown_but_keeps_its_promotions(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [MUG])
    new = a_promotion(coverage=ListedProducts(10 * PERCENT, (MUG,)))
    await create_promotion(database, merchant, new, NOON)
    await delete_product(database, merchant, MUG, NOON)
    [line] = (await quote(database, merchant, a_cart(a_line(MUG)), NOON)).lines
    assert (line.known, line.discount) == (False, 100)


async def test_list_prices_are_after_automatic_promotions(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await create_promotion(database, merchant, a_promotion(), NOON)
    await create_promotion(database, merchant, a_promotion(codes=("x",)), NOON)
    listed = await list_prices(database, merchant, [(MUG, 1999), (MUG, 5), (CUP, 0)], "EUR", NOON)
    assert [(one.unit_price, one.price) for one in listed] == [(1999, 1799), (5, 4), (0, 0)]
    assert [one.pick and one.pick.promotion_id for one in listed] == [promotion_id] * 3


async def test_an_order_costs_what_its_quote_said(database: Database, merchant: Caller) -> None:
    await stock(database, merchant, [MUG, CUP])
    for number, new in enumerate(
        (
            a_promotion(coverage=AllProducts(33_333_333)),
            a_promotion(coverage=ListedProducts(1_000_001, (MUG,)), codes=("a", "b")),
            a_promotion(
                coverage=OwnPercents({CUP: 77 * PERCENT}),
                codes=("b", "c"),
                code_type=CodeType.ONE_TIME,
            ),
        )
    ):
        await create_promotion(database, merchant, new, NOON)
        for codes in (("a",), ("c", "b", "?"), ("nothing", "A")):
            lines = [
                Line("1", MUG, 3, 333),
                Line("2", CUP, 7, 1),
                Line("3", MUG, 10**6, 10**14 - 1),
                Line("4", PAN, 1, 0),
            ]
            cart = a_cart(*lines, codes=codes)
            expected = await quote(database, merchant, cart, NOON)
            order = NewOrder(f"{number}-{codes[0]}", cart, expected.total)
            placed = await place_order(database, merchant, order, NOON, NOON.date())
            assert placed.order.outcome == expected
