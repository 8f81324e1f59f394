"""The rows of `code_picks`: what the timelines of codes show (`code_timelines`)."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Self

import asyncpg

from sconto.domain.code_timeline import BEGINNING, CodeTimeline
from sconto.domain.schedule import Span
from sconto.store.pool import Connection
from sconto.store.row_batches import consumed_batches

_COLUMNS: Final = "code_key, by_percent, product_id, starts_at, ends_at, promotion_id, percent"

SHOWN_OF_PROMOTION: Final = f"""
SELECT {_COLUMNS} FROM code_picks WHERE merchant_id = $1 AND promotion_id = $2
"""  # noqa: S608  # of our own constants

SHOWN_ON_LINES: Final = f"""
SELECT shown.*
FROM unnest($3::boolean[], $4::bigint[]) AS line (by_percent, product_id)
CROSS JOIN LATERAL (
    SELECT {_COLUMNS} FROM code_picks
    WHERE merchant_id = $1 AND code_key = $2 AND by_percent = line.by_percent
        AND product_id = line.product_id
    OFFSET 0
) AS shown
"""  # noqa: S608  # of our own constants

# As `timeline._SHOWN`: spans that only touch a claim count too, so that they are joined.
SHOWN_WITH_CLAIMS: Final = f"""
SELECT {_COLUMNS}
FROM unnest($2::text[], $3::boolean[], $4::bigint[], $5::timestamptz[], $6::timestamptz[])
    AS claim (key, wins, product, "from", "to")
CROSS JOIN LATERAL (
    (
        SELECT * FROM code_picks
        WHERE merchant_id = $1 AND code_key = claim.key AND by_percent = claim.wins
            AND product_id = claim.product AND starts_at < claim."from"
        ORDER BY starts_at DESC
        LIMIT 1
    )
    UNION ALL
    SELECT * FROM code_picks
    WHERE merchant_id = $1 AND code_key = claim.key AND by_percent = claim.wins
        AND product_id = claim.product AND starts_at >= claim."from"
        AND starts_at <= coalesce(claim."to", 'infinity')
) AS shown
WHERE shown.ends_at IS NULL OR shown.ends_at >= claim."from"
"""  # noqa: S608  # of our own constants

_DELETE: Final = """
DELETE FROM code_picks AS pick
USING unnest($2::text[], $3::boolean[], $4::bigint[], $5::timestamptz[])
    AS gone (code_key, by_percent, product_id, starts_at)
WHERE pick.merchant_id = $1 AND pick.code_key = gone.code_key
    AND pick.by_percent = gone.by_percent AND pick.product_id = gone.product_id
    AND pick.starts_at = gone.starts_at
"""

_WRITE: Final = f"""
INSERT INTO code_picks (merchant_id, {_COLUMNS})
SELECT $1, *
FROM unnest($2::text[], $3::boolean[], $4::bigint[], $5::timestamptz[], $6::timestamptz[],
    $7::bigint[], $8::bigint[])
ON CONFLICT (merchant_id, code_key, by_percent, product_id, starts_at) DO UPDATE
SET ends_at = excluded.ends_at, promotion_id = excluded.promotion_id, percent = excluded.percent
"""  # noqa: S608  # of our own constants


class Spans:
    """Spans by code and line."""

    def __init__(self) -> None:
        self.of: dict[tuple[str, CodeTimeline], list[Span]] = {}

    @classmethod
    def of_rows(cls, rows: Iterable[asyncpg.Record]) -> Self:
        """The spans of rows of code_picks."""
        spans = cls()
        for key, *row in rows:
            spans.of.setdefault((key, CodeTimeline(*row[:2])), []).append(span_of_row(row))
        return spans


def line_columns(lines: Sequence[CodeTimeline]) -> tuple[list[bool], list[int]]:
    """The lines as columns, for a statement."""
    return [line.by_percent for line in lines], [line.product_id for line in lines]


def span_of_row(row: "asyncpg.Record | Sequence[Any]") -> Span:
    """The span of a row that begins with its line."""
    starts_at, *others = row[2:]
    # asyncpg stores the beginning as -infinity, and returns it without a time zone.
    return Span(BEGINNING if starts_at.tzinfo is None else starts_at, *others)


async def write_difference(
    connection: Connection, merchant_id: int, stored: Spans, drawn: Spans
) -> None:
    """Store what the lines of `drawn` show; `stored` is what they showed before."""
    gone = []
    changed = Spans()
    for (key, line), spans in drawn.of.items():
        old = set(stored.of.get((key, line), ()))
        starts = {span.starts_at for span in spans}
        gone += [(key, *line, span.starts_at) for span in old if span.starts_at not in starts]
        if new := [span for span in spans if span not in old]:
            changed.of[key, line] = new
    if gone:
        await connection.execute(_DELETE, merchant_id, *zip(*gone, strict=True))
    await write_spans(connection, merchant_id, changed)


async def write_spans(connection: Connection, merchant_id: int, spans: Spans) -> None:
    """Store spans, in place of those with the same start."""
    rows = [
        (key, *line, span.starts_at, span.ends_at, span.promotion_id, span.percent)
        for (key, line), some in spans.of.items()
        for span in some
    ]
    for columns in consumed_batches(*([row[place] for row in rows] for place in range(7))):
        await connection.execute(_WRITE, merchant_id, *columns)
