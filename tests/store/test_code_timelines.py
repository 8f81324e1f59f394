"""Codes with timelines: after any edit carts get what the rule says, and read the winners alone."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sconto.domain.code_pattern import CodePattern
from sconto.domain.codes import CodeType
from sconto.domain.coverage import (
    AllProducts,
    ListedProducts,
    percent_on,
)
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.schedule import INSTANT
from sconto.operations import code_generation
from sconto.operations.checkout import quote
from sconto.operations.code_drawing import draw_found_codes
from sconto.operations.code_generation import generate_some, start_generation
from sconto.operations.codes import add_codes
from sconto.operations.promotions import (
    create_promotion,
    switch_promotion,
)
from sconto.store import candidates, code_timelines
from sconto.store.candidate_forms import CandidateStatements
from sconto.store.candidate_statements import READ_CROWDED
from sconto.store.code_claims import CLAIMS_OF_NEWEST, NEWEST
from sconto.store.code_timelines import draw_code
from sconto.store.database import Database
from sconto.store.price_versions import PRICES, renew_prices
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock
from tests.store.sharing_shop import DAY, PRODUCTS, TEXTS, Edit, Shop, a_cart_of, edits, is_drawn
from tests.store.test_candidates import pages


@pytest.fixture(autouse=True)
def small_crowds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any code that two promotions have gets timelines; every cart is read as one that has such."""
    monkeypatch.setattr(code_timelines, "FEW_PROMOTIONS", 1)
    newest = CLAIMS_OF_NEWEST.replace(f"LIMIT {NEWEST}", "LIMIT 1")
    monkeypatch.setattr(code_timelines, "CLAIMS_OF_NEWEST", newest)
    crowded = CandidateStatements(READ_CROWDED, READ_CROWDED)
    monkeypatch.setattr(candidates, "OF_CARTS", crowded)


histories = st.lists(edits, min_size=3, max_size=9)


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(histories, st.data())
async def test_carts_follow_the_rule_after_any_edits(
    database: Database, history: list[Edit], data: st.DataObject
) -> None:
    await require_rule_after(database, history, data)


@pytest.mark.soak
@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(histories, st.data())
async def test_carts_follow_the_rule_after_any_edits_of_very_many(
    database: Database, history: list[Edit], data: st.DataObject
) -> None:
    await require_rule_after(database, history, data)


async def require_rule_after(database: Database, history: list[Edit], data: st.DataObject) -> None:
    """Make the edits; after each, a cart gets what the rule says, drawn or not."""
    shop = Shop(database, await create_caller(database))
    await stock(database, shop.caller, PRODUCTS)
    carts = [a_cart_of(1), a_cart_of(3, 2, codes=("b", "a")), a_cart_of(2, codes=("a",))]
    moments = [NOON, *(NOON + day * DAY + step for day, step in product((-2, 1), (-INSTANT, DAY)))]
    for number, edit in enumerate(history):
        await shop.edit(edit)
        for text in TEXTS:
            await shop.require_timelines(text, moments)
        cart = data.draw(st.sampled_from(carts))
        await shop.require_rule(cart, data.draw(st.sampled_from(moments)))
        if number % 3 == 2:
            await shop.order(f"A-{number}", cart)
        await draw_found_codes(database)
        async with database.write() as connection:
            for text in TEXTS:
                await draw_code(connection, shop.caller.merchant_id, text)


async def draw(database: Database, caller: Caller, key: str = "a") -> None:
    async with database.write() as connection:
        await draw_code(connection, caller.merchant_id, key)


@pytest.fixture
async def shop(database: Database, merchant: Caller) -> Shop:
    """Three promotions that have the code `a`, which is drawn."""
    await stock(database, merchant, PRODUCTS)
    shop = Shop(database, merchant)
    for percent in (2, 3, 1):
        new = a_promotion(coverage=ListedProducts(percent * PERCENT, PRODUCTS), codes=("a",))
        await shop.edit(("create", 0, new))
    await draw(database, merchant)
    assert await is_drawn(database, merchant)
    return shop


async def test_a_cart_lets_its_codes_be_drawn_and_gets_the_same_then(
    database: Database, shop: Shop
) -> None:
    cart, caller = a_cart_of(1, codes=("b", "a")), shop.caller
    for percent in (2, 1):
        new = a_promotion(coverage=ListedProducts(percent * PERCENT, PRODUCTS), codes=("b",))
        await shop.edit(("create", 0, new))
    before = await quote(database, caller, cart, NOON)
    # Only codes of more promotions than FEW_PROMOTIONS ask for it.
    assert database.pick_cache.undrawn.take() == set()
    database.pick_cache.undrawn.add(caller.merchant_id, ["b", "unknown"])
    assert await draw_found_codes(database)
    assert await is_drawn(database, caller, "b")
    assert not await is_drawn(database, caller, "unknown")
    assert await quote(database, caller, cart, NOON) == before
    assert not await draw_found_codes(database)


async def test_edits_by_a_program_without_timelines_end_them(
    database: Database, shop: Shop
) -> None:
    cart, caller = a_cart_of(1, codes=("a",)), shop.caller
    [best] = [
        one for one, new in shop.made.items() if percent_on(new.terms.coverage, 1) == 3 * PERCENT
    ]
    async with database.write() as connection:
        await connection.execute(
            "UPDATE promotions SET active = false WHERE promotion_id = $1", best
        )
        await connection.execute(
            "UPDATE timeline_versions SET price_version = 7 WHERE merchant_id = $1",
            caller.merchant_id,
        )
    shop.made[best] = replace(shop.made[best], active=False)
    await shop.require_rule(cart, NOON)
    # An edit by this program does not make them true.
    await shop.edit(("create", 0, a_promotion(coverage=AllProducts(PERCENT), codes=("a",))))
    assert not await is_drawn(database, caller)
    await shop.require_rule(cart, NOON)
    await draw(database, caller)
    assert await is_drawn(database, caller)
    await shop.require_rule(cart, NOON)


async def test_a_generated_code_that_is_drawn_competes(
    database: Database, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = shop.caller
    high = a_promotion(coverage=AllProducts(50 * PERCENT), codes=("first",))
    number = await create_promotion(database, caller, high, NOON)
    monkeypatch.setattr(code_generation, "draw_codes", lambda *_: ["A"])
    job = await start_generation(database, caller, number, CodePattern(), 1, NOON)
    await generate_some(database, caller.merchant_id, job.id, NOON)
    assert await is_drawn(database, caller)
    [line] = (await quote(database, caller, a_cart_of(1, codes=("a",)), NOON)).lines
    assert line.picks[0].promotion_id == number


async def test_a_code_is_drawn_while_others_edit_its_promotions(
    database: Database, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = a_promotion(coverage=AllProducts(PERCENT), codes=TEXTS)
    for round_ in range(2):
        numbers = list(shop.made)
        made, *_ = await asyncio.gather(
            create_promotion(database, shop.caller, new, NOON),
            draw(database, shop.caller, "b"),
            switch_promotion(database, shop.caller, numbers[1], NOON, active=round_ == 1),
            draw(database, shop.caller, "a"),
            add_codes(database, shop.caller, numbers[0], ["b" if round_ == 0 else "c"], NOON),
        )
        shop.made[made] = new
        shop.made[numbers[1]] = replace(shop.made[numbers[1]], active=round_ == 1)
        terms = shop.made[numbers[0]].terms
        codes = (*terms.codes, "b") if round_ == 0 else terms.codes
        shop.made[numbers[0]] = replace(shop.made[numbers[0]], terms=replace(terms, codes=codes))
        for cart in (a_cart_of(1, codes=("a",)), a_cart_of(1, codes=("b",))):
            await shop.require_rule(cart, NOON)


async def test_an_edit_that_would_read_too_much_ends_the_timelines(
    database: Database, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_timelines, "_MAX_READ", 2)
    await shop.edit(("delete", 1, a_promotion()))
    assert not await is_drawn(database, shop.caller)
    await shop.require_rule(a_cart_of(1, codes=("a",)), NOON)
    monkeypatch.undo()
    monkeypatch.setattr(code_timelines, "_MAX_ONE_TIME", 0)
    once = a_promotion(codes=("a",), code_type=CodeType.ONE_TIME)
    await shop.edit(("create", 0, once))
    await draw(database, shop.caller)
    assert not await is_drawn(database, shop.caller)


# Promotions that have the code `a`, with other percents, on five products after a number.
_SHARING = """
WITH created AS (
    INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, ends_at,
                            covers_all, percent, had_codes, created_at, updated_at)
    SELECT $1, 'coupon', 'n', 'n', $4, '2026-01-01', $5, false, 1000000 + number, true, now(), now()
    FROM generate_series(1, $2) AS number
    RETURNING promotion_id
), named AS (
    INSERT INTO promotion_products (merchant_id, promotion_id, product_id, position)
    SELECT $1, promotion_id, $3 + product_id, product_id
    FROM created, generate_series(1, 5) AS product_id
)
INSERT INTO codes (merchant_id, promotion_id, code, code_key, position)
SELECT $1, promotion_id, 'a', 'a', 1 FROM created
"""


@dataclass(frozen=True)
class Kind:
    """A kind of promotion that very many may have the same code."""

    name: str
    after: int = 0
    active: bool = True
    ends_at: datetime | None = None


KINDS = [
    Kind("live"),
    Kind("on other products", after=100),
    Kind("over", ends_at=NOON - DAY),
    Kind("off", active=False),
]


@pytest.mark.plain_postgresql("the plan of the coordinator has no pages of the node")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_a_quote_reads_as_many_pages_for_a_hundred_times_the_promotions_of_a_code(
    database: Database, merchant: Caller, kind: Kind
) -> None:
    cart = {"at": NOON.isoformat(), "products": list(range(1, 6)), "codes": ["a"]}
    read = []
    async with database.write() as connection:
        new = (kind.after, kind.active, kind.ends_at)
        await renew_prices(connection, merchant.merchant_id, PRICES)
        await connection.execute(_SHARING, merchant.merchant_id, 1, 0, True, None)
        await connection.execute(f"PREPARE crowded (bigint, json) AS {READ_CROWDED}")
        for number in (9, 990):
            await connection.execute(_SHARING, merchant.merchant_id, number, *new)
            await renew_prices(connection, merchant.merchant_id, PRICES)
            await connection.execute("UPDATE timeline_versions SET drawn_version = NULL")
            await draw_code(connection, merchant.merchant_id, "a")
            answer = await connection.fetchval(
                "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)"
                f" EXECUTE crowded ({merchant.merchant_id}, '{json.dumps([cart])}')"
            )
            read.append(pages(json.loads(answer)[0]["Plan"]))
        await connection.execute("DEALLOCATE crowded")
    assert read[1] <= 1.2 * read[0]
