"""Searches over everything of a merchant: a few index look-ups for each kind of thing."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from sconto.domain.overview import ListKind
from sconto.domain.schedule import Period
from sconto.domain.search import (
    PART_LENGTH,
    FoundCode,
    FoundOrder,
    FoundProduct,
    FoundPromotion,
    FoundSubscription,
    SearchText,
    needle,
    pairs,
    trigrams,
)
from sconto.store.database import Connection
from sconto.store.search_indexes import (
    CODE_PARTS,
    PRODUCT_PARTS,
    PROMOTION_PARTS,
    SEARCH_INDEXES,
    SUBSCRIPTION_PARTS,
    SUBSCRIPTION_TEXT,
    code_slots,
    name_slots,
    spread,
)
from sconto.store.stored_amounts import PRICE

ORDERS_LOOKED_AT: Final = 1_000
"""The latest orders, among whose used codes any part is found."""

_BEGINNINGS_LOOKED_AT: Final = 1_000
"""Codes that begin with the text; those of a promotion that was just deleted are passed over."""


# The planner assumes this number of merchants. `merchant_id = $1` would make it read all rows of
# the merchant if merchants have few on average.
_MERCHANT: Final = ", ".join(["$1::bigint"] * 100)


# A common table expression is read row by row, as the limit needs them, and planned for all rows.
# Without it, a plan could read all rows of a merchant in the hope of finding some soon.
def _matching(
    table: str, columns: str, condition: str, slots: str, limit: str, order: str = ""
) -> str:
    return f"""
    SELECT found.*
    FROM {slots} AS wanted
    CROSS JOIN LATERAL (
        WITH matching AS MATERIALIZED (
            SELECT {columns} FROM {table}
            WHERE merchant_id = ANY (ARRAY[{_MERCHANT}]) AND {condition}
        )
        SELECT * FROM matching {order} LIMIT {limit}
    ) AS found
    LIMIT {limit}
    """  # noqa: S608  # of our own constants


# strpos, not LIKE, because no character that a person types has a special meaning in it.
def has_words(text: str, words: str = "$2") -> str:
    """Whether a spread name has all the words."""
    return f"(SELECT bool_and(strpos({text}, word) > 0) FROM unnest({words}::text[]) AS word)"  # noqa: S608


def _names(table: str, columns: str, condition: str, parts: str, text: str) -> str:
    """A search for rows whose names have all words $2, with the trigrams $3; at most $4."""
    wanted = f"{condition} AND {parts} @> wanted.keys AND {has_words(spread(text))}"
    return _matching(table, columns, wanted, name_slots("$3"), "$4")


MATCHING_PROMOTIONS: Final = _names(
    "promotions",
    "promotion_id, type, name, active, starts_at, ends_at",
    "deleted_at IS NULL",
    PROMOTION_PARTS,
    "name_folded",
)

_SUBSCRIPTIONS: Final = _names(
    "subscription_promotions",
    "promotion_id, name, code, enabled",
    "archived_at IS NULL",
    SUBSCRIPTION_PARTS,
    SUBSCRIPTION_TEXT,
)

MATCHING_PRODUCTS: Final = _names(
    "products",
    f"product_id, name, {PRICE} AS price, currency",
    "deleted_at IS NULL",
    PRODUCT_PARTS,
    "name_folded",
)

_PROMOTIONS: Final = f"""
SELECT promotion_id, type, name, active, starts_at, ends_at, NULL AS code
FROM ({MATCHING_PROMOTIONS}) AS promotion
UNION ALL
SELECT promotion_id, 'subscription', name, enabled, NULL, NULL, code
FROM ({_SUBSCRIPTIONS}) AS subscription
"""  # noqa: S608  # of our own constants

_PRODUCTS: Final = f"""
SELECT product_id, name, {PRICE} AS price, currency
FROM products
WHERE merchant_id = $1 AND product_id = $5 AND deleted_at IS NULL
UNION ALL
SELECT * FROM ({MATCHING_PRODUCTS}) AS product
"""  # noqa: S608  # of our own constants

# Codes of a deleted promotion are removed some time later.
_WITH_PROMOTION: Final = """
    CROSS JOIN LATERAL (
        SELECT name, type FROM promotions
        WHERE merchant_id = $1 AND promotion_id = matching.promotion_id AND deleted_at IS NULL
        LIMIT 1
    ) AS promotion
"""


# Codes that the latest orders used up.
_LATELY_USED: Final = f"""
    SELECT code.code_id, code.code, code.used_by, code.promotion_id, code.code_key
    FROM (
        SELECT order_id FROM orders
        WHERE merchant_id = $1
        ORDER BY created_at DESC, order_id DESC
        LIMIT {ORDERS_LOOKED_AT}
    ) AS placed
    CROSS JOIN LATERAL (
        SELECT code_id FROM redemptions
        WHERE merchant_id = $1 AND order_id = placed.order_id AND code_id <> 0
            AND code_type = 'one-time'
        OFFSET 0
    ) AS redeemed
    CROSS JOIN LATERAL (
        SELECT code_id, code, code_key, used_by, promotion_id FROM codes
        WHERE merchant_id = $1 AND codes.code_id = redeemed.code_id AND removed_at IS NULL
            AND used_at IS NOT NULL
        LIMIT 1
    ) AS code
"""  # noqa: S608  # of our own constants


def _beginning(part: str, limit: str) -> str:
    return f"""
    SELECT matching.*, promotion.*
    FROM (
        SELECT code_id, code, used_by, promotion_id FROM codes
        WHERE merchant_id = $1 AND removed_at IS NULL
            AND code_key >= {part} AND code_key < {part} || chr(1114111)
        ORDER BY code_key
        LIMIT {_BEGINNINGS_LOOKED_AT}
    ) AS matching
    {_WITH_PROMOTION}
    LIMIT {limit}
    """  # noqa: S608  # of our own constants


def codes_statement(part: str, first: str, second: str, limit: str) -> str:
    """Codes that begin with a part, then others that contain it, up to a limit of each.

    Short parts are looked for at the beginning only. A code that is used up is found by its
    beginning, and by any part if one of the latest orders used it.
    """
    unused = f"removed_at IS NULL AND used_at IS NULL AND strpos(code_key, {part}) > 0"
    others = _matching(
        "codes",
        "code_id, code, used_by, promotion_id",
        f"{unused} AND ({CODE_PARTS} @> wanted.first OR {CODE_PARTS} @> wanted.second)",
        code_slots(first, second),
        limit,
        _WITH_PROMOTION,
    )
    return f"""
    WITH beginning AS MATERIALIZED ({_beginning(part, limit)}), other AS MATERIALIZED (
        SELECT * FROM ({others}) AS other
        WHERE length({part}) >= {PART_LENGTH} AND (SELECT count(*) FROM beginning) < {limit}
    )
    SELECT * FROM beginning
    UNION ALL
    SELECT * FROM other
    UNION ALL
    SELECT matching.code_id, matching.code, matching.used_by, matching.promotion_id, promotion.*
    FROM ({_LATELY_USED}) AS matching
    {_WITH_PROMOTION}
    WHERE length({part}) >= {PART_LENGTH} AND strpos(matching.code_key, {part}) > 0
        AND (SELECT count(*) FROM beginning) + (SELECT count(*) FROM other) < {limit}
    """  # noqa: S608  # of our own constants


_BEGINNINGS: Final = _beginning("$2::text", "$3::bigint")

_READY: Final = """
SELECT count(*) = cardinality($1::text[]) FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid
WHERE relname = ANY ($1) AND indisvalid AND relnamespace = 'public'::regnamespace
"""

CODES: Final = codes_statement("$2::text", "$3", "$4", "$5::bigint")

_ORDERS: Final = """
SELECT DISTINCT found.order_id, found.created_at
FROM unnest($2::text[]) AS spelling
CROSS JOIN LATERAL (
    SELECT order_id, created_at FROM orders
    WHERE merchant_id = $1 AND order_id >= spelling AND order_id < spelling || chr(1114111)
    ORDER BY order_id
    LIMIT $3
) AS found
ORDER BY found.order_id
LIMIT $3
"""


# Ids of promotions whose names have the words, or that have a code with the part.
_IDS: Final = f"""
SELECT promotion_id FROM ({MATCHING_PROMOTIONS}) AS named
UNION
SELECT promotion_id FROM ({codes_statement("$5::text", "$6", "$7", "$8::bigint")}) AS with_code
WHERE $5::text <> ''
"""  # noqa: S608  # of our own constants


async def find_promotion_ids(
    connection: Connection, merchant_id: int, wanted: SearchText, limit: int, most_codes: int
) -> list[int]:
    """Up to `limit` promotions whose names have the words, and those of the first codes."""
    if not wanted.words:
        return []
    rows = await connection.fetch(
        _IDS,
        merchant_id,
        *name_arguments(wanted),
        limit,
        wanted.code,
        *pairs(wanted.code),
        most_codes,
    )
    return [row["promotion_id"] for row in rows]


async def find_promotions(
    connection: Connection, merchant_id: int, wanted: SearchText, limit: int
) -> tuple[list[FoundPromotion], list[FoundSubscription]]:
    """Up to a limit of promotions of each table whose names have the words, in any order."""
    rows = await connection.fetch(_PROMOTIONS, merchant_id, *name_arguments(wanted), limit)
    promotions = [
        FoundPromotion(
            row["promotion_id"],
            ListKind(row["type"]),
            row["name"],
            row["active"],
            Period(row["starts_at"], row["ends_at"]),
        )
        for row in rows
        if row["type"] != "subscription"
    ]
    subscriptions = [
        FoundSubscription(row["promotion_id"], row["name"], row["code"], row["active"])
        for row in rows
        if row["type"] == "subscription"
    ]
    return promotions, subscriptions


async def find_products(
    connection: Connection, merchant_id: int, wanted: SearchText, limit: int
) -> list[FoundProduct]:
    """The product with the id, and up to a limit of those whose names have the words."""
    rows = await connection.fetch(
        _PRODUCTS, merchant_id, *name_arguments(wanted), limit, wanted.product_id
    )
    found = [
        FoundProduct(row["product_id"], row["name"], row["price"], row["currency"]) for row in rows
    ]
    return list(dict.fromkeys(found))


async def find_codes(
    connection: Connection, merchant_id: int, wanted: SearchText, limit: int
) -> list[FoundCode]:
    """Codes that begin with the text, and then others that contain it; up to a limit of each."""
    rows = await connection.fetch(CODES, merchant_id, wanted.code, *pairs(wanted.code), limit)
    return _codes(rows)


async def find_beginnings(
    connection: Connection, merchant_id: int, wanted: SearchText, limit: int
) -> list[FoundCode]:
    """Codes that begin with the text, which needs no index of schema 0023."""
    return _codes(await connection.fetch(_BEGINNINGS, merchant_id, wanted.code, limit))


async def are_indexes_ready(connection: Connection) -> bool:
    """Whether the indexes of searches are built; after an upgrade that may take minutes."""
    return bool(await connection.fetchval(_READY, list(SEARCH_INDEXES)))


def _codes(rows: Sequence[asyncpg.Record]) -> list[FoundCode]:
    found = {row["code_id"]: row for row in rows}
    return [
        FoundCode(
            row["code"],
            row["used_by"],
            row["promotion_id"],
            row["name"],
            ListKind(row["type"]),
        )
        for row in found.values()
    ]


async def find_orders(
    connection: Connection, merchant_id: int, order_ids: Sequence[str], limit: int
) -> list[FoundOrder]:
    """Up to a limit of orders whose ids begin with one of the texts."""
    rows: list[asyncpg.Record] = await connection.fetch(_ORDERS, merchant_id, order_ids, limit)
    return [FoundOrder(row["order_id"], row["created_at"]) for row in rows]


def name_arguments(wanted: SearchText) -> tuple[list[str], list[str]]:
    """The text to search in names, and its trigrams."""
    needles = [needle(word) for word in wanted.words]
    return needles, sorted({part for one in needles for part in trigrams(one)})
