"""Rows for exports, some in each statement, so that an export holds no snapshot and no connection.

A batch is first bounded, in the order of an index, and then read: the next orders or codes, whether
or not they match the filter. So no statement takes long, however few rows match.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeAlias

import asyncpg

from sconto.domain.exports import CodeRow, ExportFilter, OrderRow, RedemptionRow
from sconto.domain.money import currency_decimals
from sconto.domain.redemption import CART_PRODUCT_ID
from sconto.store.code_ids import NO_CODE
from sconto.store.database import Connection
from sconto.store.stored_amounts import discount_from, minor_units_in_one_stored

_ORDERS_PER_BATCH: Final = 500
_CODES_PER_BATCH: Final = 2_000

OrderPlace: TypeAlias = tuple[datetime, str]
"""The place of an order: its time and its id."""

CodePlace: TypeAlias = tuple[int, int]
"""The place of a code: its promotion, and its position there."""

FIRST_ORDER: Final[OrderPlace] = (datetime(1, 1, 1, tzinfo=UTC), "")
FIRST_CODE: Final[CodePlace] = (0, 0)

_END: Final = datetime(9999, 12, 31, tzinfo=UTC)

_LAST_ORDER: Final = f"""
SELECT created_at, order_id
FROM (
    SELECT created_at, order_id
    FROM orders
    WHERE merchant_id = $1 AND (created_at, order_id) > ($2, $3) AND created_at < $4
    ORDER BY created_at, order_id
    LIMIT {_ORDERS_PER_BATCH}
) AS batch
ORDER BY created_at DESC, order_id DESC
LIMIT 1
"""  # noqa: S608  # of our own constants

# $6 to $9 are the filter: status, customer, promotion, and the ids of the code.
_BATCH: Final = """
FROM orders
WHERE merchant_id = $1 AND (created_at, order_id) > ($2, $3) AND (created_at, order_id) <= ($4, $5)
    AND ($6::text IS NULL OR status = $6) AND ($7::text IS NULL OR customer_id = $7)
"""

_IS_WANTED: Final = """
    ($8::bigint IS NULL OR promotion_id = $8) AND ($9::bigint[] IS NULL OR code_id = ANY ($9))
"""

_LIST_ORDERS: Final = f"""
SELECT order_id, status, created_at, outcome ->> 'currency' AS currency,
    outcome -> 'decimals' IS NOT NULL AS has_decimals,
    json_array_length(outcome -> 'lines') AS lines,
    (
        SELECT sum((line ->> 'quantity')::bigint)::bigint
        FROM json_array_elements(outcome -> 'lines') AS line
    ) AS units,
    (outcome ->> 'subtotal')::numeric AS subtotal, (outcome ->> 'discount')::numeric AS discount,
    coalesce((outcome -> 'shipping' ->> 'amount')::numeric, 0) AS shipping,
    coalesce((outcome -> 'shipping' ->> 'discount')::numeric, 0) AS shipping_discount,
    (outcome ->> 'total')::numeric AS total,
    customer_id,
    coalesce((
        SELECT string_agg(code ->> 'code', '|')
        FROM json_array_elements(outcome -> 'codes') AS code
    ), '') AS codes,
    replaces, replaced_by
{_BATCH} AND ($8::bigint IS NULL AND $9::bigint[] IS NULL OR EXISTS (
    SELECT FROM redemptions
    WHERE merchant_id = $1 AND redemptions.order_id = orders.order_id AND {_IS_WANTED}
))
ORDER BY created_at, order_id
"""  # noqa: S608  # of our own constants

_LIST_REDEMPTIONS: Final = f"""
SELECT placed.order_id, placed.created_at, placed.status, redeemed.promotion_id, promotions.name,
    redeemed.product_id, codes.code, redeemed.code_id, redeemed.code_type, redeemed.applied,
    placed.currency, redeemed.discount
FROM (
    SELECT order_id, created_at, status, outcome ->> 'currency' AS currency {_BATCH}
) AS placed
JOIN redemptions AS redeemed ON redeemed.merchant_id = $1 AND redeemed.order_id = placed.order_id
LEFT JOIN promotions
    ON promotions.merchant_id = $1 AND promotions.promotion_id = redeemed.promotion_id
LEFT JOIN codes ON codes.merchant_id = $1 AND codes.code_id = redeemed.code_id
WHERE ($8::bigint IS NULL OR redeemed.promotion_id = $8)
    AND ($9::bigint[] IS NULL OR redeemed.code_id = ANY ($9))
ORDER BY placed.created_at, placed.order_id, redeemed.product_id, redeemed.promotion_id
"""  # noqa: S608  # of our own constants

# Removed codes were redeemed too.
_FIND_CODES: Final = """
SELECT ARRAY(SELECT code_id FROM codes WHERE merchant_id = $1 AND code_key = $2 ORDER BY code_id)
"""

_LAST_CODE: Final = f"""
SELECT promotion_id, position
FROM (
    SELECT promotion_id, position
    FROM codes
    WHERE merchant_id = $1 AND (promotion_id, position) > ($2, $3) AND removed_at IS NULL
        AND ($4::bigint IS NULL OR promotion_id = $4)
    ORDER BY promotion_id, position
    LIMIT {_CODES_PER_BATCH}
) AS batch
ORDER BY promotion_id DESC, position DESC
LIMIT 1
"""  # noqa: S608  # of our own constants

_LIST_CODES: Final = """
SELECT code_id, code, promotion_id, promotions.name,
    coalesce(promotions.code_type = 'one-time', false) AS one_time,
    applied_uses + outdone_uses + (
        SELECT coalesce(sum(uses), 0)::bigint
        FROM redemption_counts AS counted
        WHERE counted.merchant_id = $1 AND counted.promotion_id = codes.promotion_id
            AND counted.code_id = codes.code_id
    ) AS uses,
    used_by, used_at
FROM codes
JOIN promotions USING (merchant_id, promotion_id)
WHERE merchant_id = $1 AND (promotion_id, position) > ($2, $3)
    AND (promotion_id, position) <= ($4, $5) AND removed_at IS NULL AND deleted_at IS NULL
    AND ($6::bigint IS NULL OR promotion_id = $6)
    AND ($7::boolean IS NULL OR (used_at IS NOT NULL) = $7)
ORDER BY promotion_id, position
"""


async def find_code_ids(connection: Connection, merchant_id: int, code_key: str) -> list[int]:
    """The ids of all codes of this text, removed ones too."""
    found: list[int] = await connection.fetchval(_FIND_CODES, merchant_id, code_key)
    return found


async def find_last_order(
    connection: Connection, merchant_id: int, wanted: ExportFilter, after: OrderPlace
) -> OrderPlace | None:
    """The place at which the next batch ends; None if there are no more orders."""
    until = wanted.until or _END
    row = await connection.fetchrow(_LAST_ORDER, merchant_id, *after, until)
    return None if row is None else (row["created_at"], row["order_id"])


async def list_orders(
    connection: Connection,
    merchant_id: int,
    wanted: ExportFilter,
    code_ids: Sequence[int] | None,
    places: tuple[OrderPlace, OrderPlace],
) -> list[OrderRow]:
    """The wanted orders after the first place, up to the second."""
    rows = await connection.fetch(
        _LIST_ORDERS, merchant_id, *places[0], *places[1], *_conditions(wanted, code_ids)
    )
    return [_order(row) for row in rows]


async def list_redemptions(
    connection: Connection,
    merchant_id: int,
    wanted: ExportFilter,
    code_ids: Sequence[int] | None,
    places: tuple[OrderPlace, OrderPlace],
) -> list[RedemptionRow]:
    """The wanted redemptions of the orders after the first place, up to the second."""
    rows = await connection.fetch(
        _LIST_REDEMPTIONS, merchant_id, *places[0], *places[1], *_conditions(wanted, code_ids)
    )
    return [_redemption(row) for row in rows]


async def find_last_code(
    connection: Connection, merchant_id: int, wanted: ExportFilter, after: CodePlace
) -> CodePlace | None:
    """The place at which the next batch ends; None if there are no more codes."""
    row = await connection.fetchrow(_LAST_CODE, merchant_id, *after, wanted.promotion_id)
    return None if row is None else (row["promotion_id"], row["position"])


async def list_codes(
    connection: Connection,
    merchant_id: int,
    wanted: ExportFilter,
    places: tuple[CodePlace, CodePlace],
) -> list[CodeRow]:
    """The wanted codes after the first place, up to the second."""
    rows = await connection.fetch(
        _LIST_CODES, merchant_id, *places[0], *places[1], wanted.promotion_id, wanted.used
    )
    return [CodeRow(*row) for row in rows]


def _conditions(wanted: ExportFilter, code_ids: Sequence[int] | None) -> tuple[object, ...]:
    return wanted.status, wanted.customer_id, wanted.promotion_id, code_ids


def _order(row: asyncpg.Record) -> OrderRow:
    currency: str = row["currency"]
    factor = 1 if row["has_decimals"] else minor_units_in_one_stored(currency)

    def amount(name: str) -> Decimal:
        return _amount(int(row[name]) * factor, currency)

    return OrderRow(
        row["order_id"],
        row["status"],
        row["created_at"],
        currency,
        row["lines"],
        row["units"],
        amount("subtotal"),
        amount("discount"),
        amount("shipping"),
        amount("shipping_discount"),
        amount("total"),
        row["customer_id"],
        row["codes"],
        row["replaces"],
        row["replaced_by"],
    )


def _redemption(row: asyncpg.Record) -> RedemptionRow:
    currency: str = row["currency"]
    return RedemptionRow(
        row["order_id"],
        row["created_at"],
        row["status"],
        row["promotion_id"],
        row["name"],
        None if row["product_id"] == CART_PRODUCT_ID else row["product_id"],
        None if row["code_id"] == NO_CODE else row["code"],
        row["code_type"] == "one-time",
        row["applied"],
        currency,
        _amount(discount_from(row["discount"], currency), currency),
    )


def _amount(minor_units: int, currency: str) -> Decimal:
    return Decimal(minor_units).scaleb(-currency_decimals(currency))
