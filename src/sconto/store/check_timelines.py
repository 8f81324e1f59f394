"""Reads each stored timeline with the spans that promotions claim on it, for a check.

The claims are read by SQL of their own: all of them, whatever the writes leave out.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from sconto.domain.code_timeline import BEGINNING, EXPIRED, INACTIVE, NOT_STARTED, USABLE
from sconto.domain.schedule import ALL_PRODUCTS_ID, Span
from sconto.store.database import Connection
from sconto.store.period_sql import OVER_FROM

CHECK_TIMEOUT: Final = 24 * 3600.0
"""Seconds for a statement, which may read all orders."""

_FETCH: Final = "FETCH 2000 FROM timeline"

# By product: what each automatic promotion claims, and what the timeline shows. The cursors are
# made in SQL, because they end with the transaction. asyncpg's would leave a statement in a
# pooler's session.
_AUTOMATIC: Final = f"""
SELECT merchant_id, NULL AS code_key, false AS by_percent, 0::bigint AS product_id, true AS claimed,
       starts_at, {OVER_FROM} AS ends_at, promotion_id, percent
FROM promotions
WHERE ($1::bigint IS NULL OR merchant_id = $1)
  AND covers_all AND type = 'discount' AND active AND deleted_at IS NULL
UNION ALL
SELECT merchant_id, NULL, false, named.product_id, true, starts_at, {OVER_FROM}, promotion_id,
       coalesce(named.percent, promotion.percent)
FROM promotion_products AS named JOIN promotions AS promotion USING (merchant_id, promotion_id)
WHERE ($1::bigint IS NULL OR merchant_id = $1)
  AND NOT promotion.covers_all AND promotion.type = 'discount' AND promotion.active
  AND promotion.deleted_at IS NULL
UNION ALL
SELECT merchant_id, NULL, false, product_id, false, starts_at, ends_at, promotion_id, percent
FROM automatic_picks
WHERE $1::bigint IS NULL OR merchant_id = $1
ORDER BY merchant_id, product_id
"""  # noqa: S608  # of our own constants

# Codes whose timelines carts read.
_DRAWN: Final = """
    SELECT merchant_id, code_key, one_time
    FROM crowded_codes
    JOIN timeline_versions AS version USING (merchant_id)
    WHERE ($1::bigint IS NULL OR merchant_id = $1) AND is_drawn
      AND drawn_version = price_version AND NOT EXISTS (
        SELECT FROM code_generations AS generation
        WHERE generation.merchant_id = version.merchant_id AND made <> noticed
      )
"""

_OF_CODES: Final = f"""
    SELECT merchant_id, code_key, promotion_id, active, starts_at, {OVER_FROM} AS over_from,
           covers_all, percent
    FROM ({_DRAWN}) AS drawn
    JOIN codes USING (merchant_id, code_key)
    JOIN promotions USING (merchant_id, promotion_id)
    WHERE removed_at IS NULL AND type = 'coupon' AND deleted_at IS NULL
      AND coalesce(code_type, 'reusable') <> 'one-time'
"""  # noqa: S608  # of our own constants

_CODES: Final = f"""
WITH holding AS NOT MATERIALIZED ({_OF_CODES}), covering AS NOT MATERIALIZED (
    SELECT merchant_id, code_key, {ALL_PRODUCTS_ID}::bigint AS product_id, starts_at, over_from,
           promotion_id, percent
    FROM holding
    WHERE active AND covers_all
    UNION ALL
    SELECT merchant_id, code_key, named.product_id, starts_at, over_from, promotion_id,
           coalesce(named.percent, holding.percent)
    FROM holding JOIN promotion_products AS named USING (merchant_id, promotion_id)
    WHERE active AND NOT covers_all
)
SELECT merchant_id, code_key, true AS by_percent, product_id, true AS claimed, starts_at,
       over_from AS ends_at, promotion_id, percent
FROM covering
UNION ALL
SELECT merchant_id, code_key, false, product_id, true, starts_at, over_from, promotion_id, percent
FROM covering
UNION ALL
SELECT merchant_id, code_key, false, {USABLE}, true, starts_at, over_from, promotion_id, 0
FROM holding WHERE active
UNION ALL
SELECT merchant_id, code_key, false, {NOT_STARTED}, true, '-infinity', starts_at, promotion_id, 0
FROM holding WHERE active
UNION ALL
SELECT merchant_id, code_key, false, {EXPIRED}, true, over_from, NULL, promotion_id, 0
FROM holding WHERE active AND over_from IS NOT NULL
UNION ALL
SELECT merchant_id, code_key, false, {INACTIVE}, true, '-infinity', NULL, promotion_id, 0
FROM holding WHERE NOT active
UNION ALL
SELECT merchant_id, code_key, by_percent, product_id, false, starts_at, ends_at, promotion_id,
       percent
FROM code_picks JOIN ({_DRAWN}) AS drawn USING (merchant_id, code_key)
ORDER BY merchant_id, code_key, by_percent, product_id
"""  # noqa: S608  # of our own constants

TIMELINES: Final = (
    ("The timeline shows the latest created promotion at every moment", _AUTOMATIC),
    ("The timelines of codes show at every moment the promotions that win", _CODES),
)
"""Each promise about timelines, with the statement for `read_timelines`."""

# Also spans that no cart reads: drawing their code would leave them on its timelines.
_CROWDED: Final = f"""
SELECT merchant_id, format('code %L has timelines, with the one-time promotions %s, not %s',
    code_key, coalesce(found.ids::text, '{{}}'), one_time) AS words
FROM ({_DRAWN}) AS drawn
LEFT JOIN (
    SELECT merchant_id, code_key, array_agg(promotion_id ORDER BY promotion_id) AS ids
    FROM ({_DRAWN}) AS drawn
    JOIN codes USING (merchant_id, code_key)
    JOIN promotions USING (merchant_id, promotion_id)
    WHERE removed_at IS NULL AND type = 'coupon' AND deleted_at IS NULL AND code_type = 'one-time'
    GROUP BY merchant_id, code_key
) AS found USING (merchant_id, code_key)
WHERE coalesce(found.ids, '{{}}') <> ARRAY(SELECT one FROM unnest(one_time) AS one ORDER BY one)
UNION ALL
SELECT merchant_id, format('code %L has %s spans, and no timelines', code_key, count(*))
FROM code_picks LEFT JOIN crowded_codes USING (merchant_id, code_key)
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND is_drawn IS NOT TRUE
GROUP BY merchant_id, code_key
LIMIT $2
"""  # noqa: S608  # of our own constants

TIMELINE_CHECKS: Final = (
    ("Codes with timelines name their one-time promotions, and no others have spans", _CROWDED),
)


@dataclass(frozen=True, slots=True)
class StoredTimeline:
    """The timeline of a product (0: of all products), and what promotions claim of it.

    `code` and `by_percent` are those of a code's timeline (`code_timeline.CodeTimeline`).
    """

    merchant_id: int
    code: str | None
    by_percent: bool
    product_id: int
    claims: Sequence[Span]
    shown: Sequence[Span]


async def read_timelines(
    connection: Connection, statement: str, merchant_id: int | None
) -> AsyncIterator[StoredTimeline]:
    """Every timeline, one after the other. One of them is in memory, with all its claims."""
    await connection.execute(
        f"DECLARE timeline NO SCROLL CURSOR FOR {statement}", merchant_id, timeout=CHECK_TIMEOUT
    )
    waiting: list[asyncpg.Record] = []
    while rows := await connection.fetch(_FETCH, timeout=CHECK_TIMEOUT):
        for row in rows:
            if waiting and _line(waiting[0]) != _line(row):
                yield _timeline(waiting)
                waiting = []
            waiting.append(row)
    if waiting:
        yield _timeline(waiting)
    await connection.execute("CLOSE timeline")


def _line(row: asyncpg.Record) -> tuple[int, str | None, bool, int]:
    return row["merchant_id"], row["code_key"], row["by_percent"], row["product_id"]


def _timeline(rows: Sequence[asyncpg.Record]) -> StoredTimeline:
    spans: dict[bool, list[Span]] = {True: [], False: []}
    for row in rows:
        starts_at = row["starts_at"]
        # asyncpg returns -infinity without a time zone.
        starts_at = BEGINNING if starts_at.tzinfo is None else starts_at
        span = Span(starts_at, row["ends_at"], row["promotion_id"], row["percent"])
        spans[row["claimed"]].append(span)
    return StoredTimeline(*_line(rows[0]), spans[True], spans[False])
