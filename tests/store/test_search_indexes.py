"""Searches read few rows, whatever is stored, and compare texts as the domain does."""

import json
import random
from collections.abc import Callable
from typing import Final

import psycopg
import pytest

from sconto.domain.people import Caller
from sconto.domain.search import SearchText, fold_name, needle, pairs, read_search, trigrams
from sconto.store import search as store
from sconto.store.database import Connection, Database
from sconto.store.migrate import migrate
from sconto.store.search_indexes import PROMOTION_PARTS, SLOTS, folded, spread
from tests.conftest import create_caller
from tests.store.older_schemas import at_schema

pytestmark = pytest.mark.oldest

CODES: Final = 3_000
NAMES: Final = 2_000

CODE_INDEXES: Final = {
    "codes_by_key", "codes_by_pair", "promotions_by_creation",
    # The codes that the latest orders used.
    "redemptions_pkey", "codes_pkey",
}  # fmt: skip
ORDER_INDEXES: Final = {"orders_by_time", "orders_by_status", "orders_pkey"}
"""The merchant has no orders, and each of them finds that."""
MAX_BLOCKS: Final = 20 * SLOTS
"""A few for each slot and trigram; reading all codes or names takes many times that."""

_INSERT_CODES: Final = """
INSERT INTO codes (merchant_id, promotion_id, code, code_key, position)
SELECT $1, $2, 'SUMMER-' || number, 'summer-' || number, number FROM unnest($3::int[]) AS number
"""
_INSERT_NAMES: Final = """
INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, covers_all,
    percent, created_at, updated_at)
SELECT $1, 'discount', name, lower(name), true, now(), true, 1, now(), now()
FROM unnest($2::text[]) AS name
RETURNING promotion_id
"""

_OLD_ROWS: Final = """
WITH created AS (
    INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, covers_all,
        percent, created_at, updated_at)
    VALUES (1, 'coupon', %(name)s, lower(%(name)s), true, now(), true, 1, now(), now())
    RETURNING promotion_id
)
INSERT INTO codes (merchant_id, promotion_id, code, code_key, position)
SELECT 1, promotion_id, %(key)s, %(key)s, 1 FROM created
"""

ALPHABET: Final = "aAbzäÉñßΩЁйДžŁ漢ｱﬁ™½ \u00a0\u200f\u0301-%_\\'"


@pytest.fixture(scope="module")
async def stocked(database: Database) -> Caller:
    """A merchant with many promotions, and one with many codes that are all alike."""
    caller = await create_caller(database)
    names = ["Newsletter", *(f"Sale number {number}" for number in range(NAMES))]
    async with database.write() as connection:
        ids = await connection.fetch(_INSERT_NAMES, caller.merchant_id, names)
        numbers = list(range(100_000, 100_000 + CODES))
        promotion_id = ids[0]["promotion_id"]
        await connection.execute(_INSERT_CODES, caller.merchant_id, promotion_id, numbers)
        # As autovacuum does.
        await connection.execute("ANALYZE promotions, codes")
        await connection.execute("SELECT gin_clean_pending_list('codes_by_pair')")
    return caller


async def indexes_read(
    connection: Connection, statement: str, *arguments: object
) -> tuple[set[str], int]:
    """The indexes that a statement reads, and the number of blocks that it reads in all."""
    plan = await connection.fetchval(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON, TIMING false) {statement}", *arguments
    )
    top = json.loads(plan)[0]["Plan"]
    nodes, indexes = [top], set()
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        assert node["Node Type"] != "Seq Scan"
        if "Index Name" in node:
            indexes.add(node["Index Name"])
    return indexes, top["Shared Hit Blocks"] + top["Shared Read Blocks"]


async def test_one_old_promotion_among_many_is_found_without_reading_them(
    database: Database, stocked: Caller
) -> None:
    wanted = read_search("newsl")
    assert wanted is not None
    arguments = (stocked.merchant_id, ["newsl"], trigrams("newsl"), 100)
    async with database.read() as connection:
        [found], _ = await store.find_promotions(connection, stocked.merchant_id, wanted, 100)
        indexes, blocks = await indexes_read(connection, store.MATCHING_PROMOTIONS, *arguments)
    assert found.name == "Newsletter"
    assert indexes == {"promotions_by_part"}
    assert blocks < MAX_BLOCKS


async def test_a_part_of_one_code_among_many_is_found_without_reading_them(
    database: Database, stocked: Caller
) -> None:
    part = "r-102345"
    async with database.read() as connection:
        found = await store.find_codes(
            connection, stocked.merchant_id, SearchText(part, code=part), 20
        )
        indexes, blocks = await indexes_read(
            connection, store.CODES, stocked.merchant_id, part, *pairs(part), 20
        )
    assert [one.code for one in found] == ["SUMMER-102345"]
    assert indexes - ORDER_INDEXES == CODE_INDEXES
    assert blocks < MAX_BLOCKS


@pytest.mark.parametrize("part", ["summer-", "ummer-1"])
async def test_a_part_that_all_codes_have_is_found_by_reading_few(
    part: str, database: Database, stocked: Caller
) -> None:
    async with database.read() as connection:
        found = await store.find_codes(
            connection, stocked.merchant_id, SearchText(part, code=part), 20
        )
        indexes, blocks = await indexes_read(
            connection, store.CODES, stocked.merchant_id, part, *pairs(part), 20
        )
    assert len(found) == 20
    assert indexes - ORDER_INDEXES == CODE_INDEXES
    assert blocks < MAX_BLOCKS


async def test_the_database_compares_names_as_the_domain_does(database: Database) -> None:
    letters = random.Random(1)
    names = ["".join(letters.choices(ALPHABET, k=letters.randint(1, 40))) for _ in range(300)]
    statement = f"""
        SELECT {folded("name_folded")}, {spread("name_folded")}, {PROMOTION_PARTS}
        FROM (
            SELECT name COLLATE "C" AS name_folded, 7 AS merchant_id, 1::bigint AS promotion_id
            FROM unnest($1::text[]) WITH ORDINALITY AS given (name, place)
            ORDER BY place
        ) AS given
    """
    async with database.read() as connection:
        rows = await connection.fetch(statement, [name.casefold() for name in names])
    for name, (compared, spaced, keys) in zip(names, rows, strict=True):
        assert compared == fold_name(name)
        parts = {key.rpartition(" ")[0] for key in keys}
        for word in compared.split():
            assert needle(word) in spaced
            assert set(trigrams(needle(word))) <= parts


async def test_older_rows_and_rows_of_the_previous_version_are_found(
    create_database: Callable[[str], str],
) -> None:
    """The previous version writes meanwhile, and knows nothing of the indexes."""
    url = at_schema(create_database, "0022")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO merchants (name) VALUES ('shop')")
        for moment in ("before", "meanwhile"):
            if moment == "meanwhile":
                migrate(url)
            connection.execute(_OLD_ROWS, {"name": f"Sale {moment}", "key": f"x-{moment}-1"})
    database = await Database.open(url)
    async with database.read() as connection:
        for text in ("before", "meanwhile"):
            wanted = read_search(text)
            assert wanted is not None
            [promotion], _ = await store.find_promotions(connection, 1, wanted, 5)
            [code] = await store.find_codes(connection, 1, wanted, 5)
            assert (promotion.name, code.code) == (f"Sale {text}", f"x-{text}-1")
    await database.close()
