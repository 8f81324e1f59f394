"""Codes of very many promotions that the previous version stored, also while both versions run."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import pytest

from sconto.domain.cart import Cart, Line
from sconto.domain.code_pattern import Ending
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller, Role
from sconto.operations import code_generation
from sconto.operations.checkout import place_order, quote
from sconto.operations.code_drawing import draw_found_codes, notice_generated_codes
from sconto.operations.code_generation import generate_some
from sconto.store.database import Database
from sconto.store.migrate import migrate
from tests.promises import violations
from tests.store.older_schemas import at_schema, execute, version_before

SHOP: Final = Caller(1, 1, Role.ADMIN)
NOW: Final = datetime(2026, 6, 1, tzinfo=UTC)

# Of the promotions with the code some are not active, not started, expired or one-time. Each covers
# all products or some, with one percent or one for each product.
ROWS: Final = """
INSERT INTO merchants (name) VALUES ('shop');
INSERT INTO timeline_versions (merchant_id, version, price_version) VALUES (1, 1, 1);
INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, ends_at, code_type,
                        covers_all, percent, had_codes, created_at, updated_at)
SELECT 1, 'coupon', 'n', 'n', number % 11 > 0,
    CASE WHEN number % 7 = 0 THEN timestamptz '2026-11-01Z' ELSE '2026-01-01Z' END,
    CASE WHEN number % 5 = 0 THEN timestamptz '2026-12-31 23:59:59Z'
         WHEN number % 8 = 0 THEN '2026-02-28 23:59:59Z' END,
    CASE WHEN number % 13 = 0 THEN 'one-time' ELSE 'reusable' END,
    number % 23 = 0,
    (number * 37 % 50 + CASE WHEN number % 8 = 0 THEN number * 12 % 40 ELSE 0 END + 1) * 1000000,
    true, '2026-01-01Z', '2026-01-01Z'
FROM generate_series(1, 70) AS number;
INSERT INTO promotion_products (merchant_id, promotion_id, product_id, position, percent)
SELECT 1, number, product, product,
    CASE WHEN number % 4 = 0 THEN (number * 7 + product * 23) % 60 * 1000000 END
FROM generate_series(1, 70) AS number, generate_series(1, 3) AS product
WHERE number % 23 > 0 AND number % 5 <> product;
INSERT INTO codes (merchant_id, promotion_id, code, code_key, position)
SELECT 1, number, 'Crowd', 'crowd', 1
FROM generate_series(1, 70) AS number;
"""

# By the day and the products of the cart: the promotion that the code picks for each product, with
# its percent, and the outcome of the code. Schema 0031 answered this.
ANSWERS: Final = {
    ("2025-12-01", (1, 3)): ([], ("not_started", 70)),
    ("2026-02-01", (1, 2)): ([(48, 59), (36, 58)], ("applied", 48)),
    ("2026-02-01", (3,)): ([(24, 57)], ("applied", 24)),
    ("2026-02-01", (4,)): ([(69, 4)], ("applied", 69)),
    ("2026-06-01", (1, 2)): ([(4, 51), (36, 58)], ("applied", 36)),
    ("2026-06-01", (3,)): ([(27, 50)], ("applied", 27)),
    ("2027-06-01", (4,)): ([(69, 4)], ("applied", 69)),
}

# What the previous version writes to start a generation of two codes, and to make one of them.
STARTED: Final = """
INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, code_type,
                        covers_all, percent, had_codes, created_at, updated_at)
VALUES (1, 'coupon', 'n', 'n', true, '2026-01-01Z', 'reusable', true, 90000000, false,
        '2026-01-01Z', '2026-01-01Z');
UPDATE timeline_versions SET price_version = 2;
INSERT INTO code_generations (merchant_id, promotion_id, prefix, group_count, group_length,
                              alphabet, wanted, user_id, started_at)
VALUES (1, 71, '', 1, 5, 'CDORW', 2, 1, now());
"""
MADE: Final = """
WITH added AS (
    INSERT INTO codes (merchant_id, promotion_id, code, code_key, position)
    VALUES (1, 71, %s, %s, 1)
)
UPDATE code_generations SET made = made + 1 WHERE merchant_id = 1 AND generation_id = 1
"""


async def answer(
    database: Database, day: str, products: tuple[int, ...]
) -> tuple[list[tuple[int, int]], tuple[str, int | None]]:
    """The code's picks on the products, and its outcome."""
    lines = (Line(str(one), one, 1, 1000) for one in products)
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    priced = await quote(database, SHOP, Cart("EUR", tuple(lines), ("CROWD",)), at)
    picks = [
        (one.promotion_id, one.percent // PERCENT) for line in priced.lines for one in line.picks
    ]
    [code] = priced.codes
    return picks, (code.status.value, code.promotion_id)


async def answers(database: Database) -> object:
    """What the program answers now, as in ANSWERS."""
    return {asked: await answer(database, *asked) for asked in ANSWERS}


@pytest.fixture(scope="module")
def template(create_database: Callable[[str], str]) -> str:
    """The name of a database with rows of schema 0031, migrated to the newest."""
    url = at_schema(create_database, version_before("timelines_of_codes"))
    execute(url, ROWS)
    migrate(url)
    return urlsplit(url).path.removeprefix("/")


@pytest.fixture
def url(create_database: Callable[[str], str], template: str) -> str:
    """The address of a copy of that database."""
    return create_database(template)


@pytest.fixture
async def upgraded(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url)
    yield database
    await database.close()


async def lacks_timelines(database: Database) -> bool:
    """Whether a cart with the code finds no timelines to read; if so, lets them be drawn."""
    await answer(database, "2026-06-01", (1,))
    return await draw_found_codes(database)


async def test_quotes_are_the_same_before_the_upgrade_and_after_it_drawn_or_not(
    upgraded: Database,
) -> None:
    assert await answers(upgraded) == ANSWERS
    assert await lacks_timelines(upgraded)
    assert await answers(upgraded) == ANSWERS
    assert not await lacks_timelines(upgraded)
    assert await violations(upgraded) == []


async def test_codes_that_the_previous_version_generates_are_noticed(
    url: str, upgraded: Database
) -> None:
    execute(url, STARTED)
    assert await lacks_timelines(upgraded)
    execute(url, MADE, ("OTHER", "other"))
    assert await lacks_timelines(upgraded), "the code might be one of those that are drawn"
    assert await answers(upgraded) == ANSWERS
    execute(url, MADE, ("CROWD", "crowd"))
    assert (await answer(upgraded, "2026-06-01", (1,)))[0] == [(71, 90)]
    assert await violations(upgraded) == []
    assert await lacks_timelines(upgraded)
    assert (await answer(upgraded, "2026-06-01", (1,)))[0] == [(71, 90)]
    assert not await lacks_timelines(upgraded)
    assert await violations(upgraded) == []


async def test_this_version_continues_a_generation_of_the_previous_one(
    url: str, upgraded: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(url, STARTED)
    assert await lacks_timelines(upgraded)
    execute(url, MADE, ("CROWD", "crowd"))
    monkeypatch.setattr(code_generation, "draw_codes", lambda *_: ["OTHER"])
    done = await generate_some(upgraded, SHOP.merchant_id, 1, NOW)
    assert done is not None
    assert (done.made, done.ending) == (2, Ending.COMPLETE)
    assert (await answer(upgraded, "2026-06-01", (1,)))[0] == [(71, 90)]
    assert await lacks_timelines(upgraded)
    assert not await lacks_timelines(upgraded)
    assert (await answer(upgraded, "2026-06-01", (1,)))[0] == [(71, 90)]


async def test_orders_at_cached_prices_see_codes_that_the_previous_version_generated(
    url: str, upgraded: Database
) -> None:
    async def total(order_id: str) -> int:
        cart = Cart("EUR", (Line("1", 1, 1, 1000),), ("FEW",))
        order = NewOrder(order_id, cart)
        return (await place_order(upgraded, SHOP, order, NOW, NOW.date())).order.outcome.total

    execute(url, "INSERT INTO products VALUES (1, 1, 'Mug', 'mug', 10, 'EUR', now())")
    execute(url, "UPDATE codes SET code = 'FEW', code_key = 'few' WHERE promotion_id = 46")
    execute(url, STARTED)
    await notice_generated_codes(upgraded)
    assert [await total("A-1"), await total("A-2")] == [970, 970]
    execute(url, MADE, ("FEW", "few"))
    await notice_generated_codes(upgraded)
    assert [await total("B-1"), await total("B-2")] == [100, 100]
