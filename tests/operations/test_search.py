"""Search finds things of all kinds by parts, and only what the caller may see."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder
from sconto.domain.overview import OverviewQuery
from sconto.domain.people import Caller, Role
from sconto.domain.search import SearchKind, SearchResults, read_search
from sconto.operations import (
    cart_promotions,
    checkout,
    codes,
    overviews,
    products,
    promotions,
    subscription_promotions,
)
from sconto.operations.search import search
from sconto.store import search as store
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_product, a_promotion, subscription_terms, ten_off
from tests.conftest import create_caller


async def find(database: Database, caller: Caller, text: str, limit: int = 5) -> SearchResults:
    wanted = read_search(text)
    assert wanted is not None
    return await search(database, caller, wanted, limit)


async def labels(database: Database, caller: Caller, text: str) -> list[str]:
    """What is found, in its order."""
    found = await find(database, caller, text)
    return [
        *(one.name for one in found.promotions),
        *(one.code for one in found.subscriptions),
        *(f"{one.code} of {one.promotion_name}" for one in found.codes),
        *(one.order_id for one in found.orders),
        *(one.name for one in found.products),
    ]


@pytest.fixture(scope="module")
async def shop(database: Database) -> Caller:
    """A merchant with one of each thing, and another one with the same."""
    for _ in range(2):
        caller = await create_caller(database)
        for product_id, name in ((1, "Café crème"), (42, "Tee-Sieb")):
            product = a_product(product_id, name=name)
            await products.put_products(database, caller, [product], NOON)
        new = a_promotion(name="Green tea, 10% off_", codes=("SUMMER-AB12", "x1"))
        await promotions.create_promotion(database, caller, new, NOON)
        await promotions.create_promotion(
            database, caller, a_promotion(name="Ёлка \u200fNewsletter"), NOON
        )
        await cart_promotions.create_promotion(database, caller, ten_off("CART-CODE"), NOON)
        await subscription_promotions.create_promotion(
            database, caller, replace(subscription_terms(), name="First box", code="BOX-30"), NOON
        )
        for order_id in ("A-100", "A-1", "b 1"):
            order = NewOrder(order_id, a_cart())
            await checkout.place_order(database, caller, order, NOON, NOON.date())
    return caller


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("letter", ["Ёлка \u200fNewsletter"]),
        ("елка NEWS", ["Ёлка \u200fNewsletter"]),
        ("tea green", ["Green tea, 10% off_"]),
        ("te", ["Ten off", "Green tea, 10% off_", "Tee-Sieb"]),
        ("een te", ["Green tea, 10% off_"]),
        ("10%", ["Green tea, 10% off_"]),
        ("off_", ["Green tea, 10% off_"]),
        ("%%%", []),
        ("\\", []),
        ("mer-ab", ["SUMMER-AB12 of Green tea, 10% off_"]),
        (" summer-AB12\t", ["SUMMER-AB12 of Green tea, 10% off_"]),
        ("X1", ["x1 of Green tea, 10% off_"]),
        ("x", ["x1 of Green tea, 10% off_"]),
        ("1", ["Green tea, 10% off_", "Café crème"]),
        ("rt-c", ["CART-CODE of Ten off"]),
        ("box-3", ["BOX-30"]),
        ("irst", ["BOX-30"]),
        (" A-1 ", ["A-1", "A-100"]),
        ("a-100", ["A-100"]),
        ("b 1", ["b 1"]),
        ("cafe creme", ["Café crème"]),
        ("42", ["Tee-Sieb"]),
        ("sie", ["Tee-Sieb"]),
        ("a\0", []),
        ("y" * 300, []),
    ],
)
async def test_each_thing_is_found_by_its_parts(
    typed: str, expected: list[str], database: Database, shop: Caller
) -> None:
    assert await labels(database, shop, typed) == expected


async def test_the_role_decides_what_is_looked_at(database: Database, shop: Caller) -> None:
    for role, expected in {
        Role.VIEWER: ["Ten off", "Green tea, 10% off_", "Tee-Sieb"],
        Role.CHECKOUT: ["Tee-Sieb"],
    }.items():
        caller = await create_caller(database, role, shop.merchant_id)
        assert await labels(database, caller, "te") == expected


async def test_what_is_deleted_or_removed_is_not_found(
    database: Database, merchant: Caller
) -> None:
    new = a_promotion(name="Gone", codes=("GONE-1", "GONE-2"))
    promotion_id = await promotions.create_promotion(database, merchant, new, NOON)
    await codes.remove_codes(database, merchant, promotion_id, ["GONE-1"], NOON)
    assert await labels(database, merchant, "one") == ["Gone", "GONE-2 of Gone"]
    await promotions.delete_promotion(database, merchant, promotion_id, NOON)
    assert await labels(database, merchant, "one") == []


async def test_a_code_of_any_length_is_found_by_its_last_characters(
    database: Database, merchant: Caller
) -> None:
    lengths = (3, 4, 9, 10, 11, 12, 29, 30)
    texts = [f"{'-' * (length - 3)}E{length:02}" for length in lengths]
    await promotions.create_promotion(
        database, merchant, a_promotion(name="Long", codes=tuple(texts)), NOON
    )
    found = [[one.code for one in (await find(database, merchant, t[-3:])).codes] for t in texts]
    assert found == [[text] for text in texts]


async def test_used_codes_are_found_by_their_beginning_and_lately_used_ones_by_any_part(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("ONCE-1", "ONCE-2", "ONCE-3")
    new = a_promotion(name="One", codes=names, code_type=CodeType.ONE_TIME)
    await promotions.create_promotion(database, merchant, new, NOON)
    for code in names[:2]:
        order = NewOrder(f"with {code}", a_cart(codes=(code,)))
        await checkout.place_order(database, merchant, order, NOON, NOON.date())
    assert await labels(database, merchant, "nce-1") == ["ONCE-1 of One"]
    found = (await find(database, merchant, "nce-")).codes
    assert [(one.code, one.used_by) for one in found] == [
        ("ONCE-3", None), ("ONCE-2", "with ONCE-2"), ("ONCE-1", "with ONCE-1"),
    ]  # fmt: skip
    long_ago = store.codes_statement("$2::text", "$3", "$4", "$5::bigint").replace(
        f"LIMIT {store.ORDERS_LOOKED_AT}\n    ) AS placed", "LIMIT 0) AS placed"
    )
    assert long_ago != store.CODES
    monkeypatch.setattr(store, "CODES", long_ago)
    assert [one.code for one in (await find(database, merchant, "nce-")).codes] == ["ONCE-3"]
    assert len((await find(database, merchant, "once-")).codes) == 3


async def test_a_search_says_which_kinds_have_more_results(
    database: Database, merchant: Caller
) -> None:
    for name in ("Late sale", "Sale one", "Sale two"):
        new = a_promotion(name=name, codes=(name.replace(" ", "-"),))
        await promotions.create_promotion(database, merchant, new, NOON)
    found = await find(database, merchant, "sale", 2)
    assert [one.name for one in found.promotions] == ["Sale two", "Sale one"]
    assert found.more == {SearchKind.PROMOTION, SearchKind.CODE}
    assert (await find(database, merchant, "sale", 3)).more == frozenset()


async def test_while_the_indexes_are_built_no_search_reads_everything(
    create_database: Callable[[], str],
) -> None:
    database = await Database.open(create_database())
    caller = await create_caller(database)
    new = a_promotion(name="Sale", codes=("SALE-1",))
    await promotions.create_promotion(database, caller, new, NOON)
    async with database.write() as connection:
        await connection.execute("DROP INDEX codes_by_pair")
    assert await labels(database, caller, "ale") == []
    found = await find(database, caller, "sale")
    assert ([one.code for one in found.codes], found.preparing) == (["SALE-1"], True)
    query = OverviewQuery(search="ale")
    page = await overviews.list_overviews(database, caller, query, NOON, NOON.date())
    assert [one.summary.name for one in page.overviews] == ["Sale"]
    await database.close()
