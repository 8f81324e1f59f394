"""The timelines of codes that very many promotions have, so that a cart reads the winners alone.

The invariant. If a merchant's `drawn_version` is its `price_version` and no generation has codes
that are not noticed, the timelines of each drawn code are what `domain.code_timeline.draw_timeline`
makes of the claims of all promotions that have the code, are not deleted and not one-time; and
`one_time` has those that are.

Why it holds. Claims change by writes to promotions, to their products, and by adding or removing
codes. Each such write renews the price version in its own transaction, which locks the merchant's
row of `timeline_versions`, and then calls `redraw_codes` for its promotion. Drawing a code locks
that row too. So one follows the other, and each sees what those before it committed. (Of generated
codes only those that are drawn are redrawn; `claim_generated` finds them.) A program that knows no
timelines renews the price version alone: then the versions differ, nothing is read from the
timelines, and the first code that is drawn again starts all of them again. Codes that it generates
are counted in `made` of their row in `code_generations`, but not in `noticed`: that has the same
effect.

A redrawn timeline differs from the one before only by the claims of one promotion. Where the
promotion was shown and claims less now, the timeline is drawn from all claims; or from those of the
newest promotions, if the latest created wins and they leave no part of what it showed, because all
others are older. Where it claims more, the winners are among those shown and its own claim, because
any other promotion has lost already.

A code is drawn in the background (`draw_code`), once a cart has shown that more than FEW_PROMOTIONS
have it. An edit that would have to read too much deletes the timelines of the code instead, and
carts read all its promotions until it is drawn again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from sconto.domain.code_timeline import CodeTimeline, draw_timeline, loses
from sconto.domain.schedule import Span, covers
from sconto.store.code_claims import (
    CLAIMS_OF_KEY,
    CLAIMS_OF_NEWEST,
    CLAIMS_OF_PROMOTION,
    CLAIMS_ON_LINES,
    COUNT_PRODUCTS,
    COUNT_PROMOTIONS,
    ONE_TIME_OF_KEY,
    ONE_TIME_OF_PROMOTION,
)
from sconto.store.code_picks import (
    SHOWN_OF_PROMOTION,
    SHOWN_ON_LINES,
    SHOWN_WITH_CLAIMS,
    Spans,
    line_columns,
    span_of_row,
    write_difference,
    write_spans,
)
from sconto.store.pool import Connection
from sconto.store.threads import in_thread

FEW_PROMOTIONS: Final = 64
"""A code that no more promotions have gets no timelines."""

_MAX_CODES: Final = 1_000
"""Codes of a merchant that have timelines; an edit looks whether its promotion has one of them."""

_MAX_ONE_TIME: Final = 16
"""One-time promotions of a drawn code, which a cart reads in full."""

_MAX_PRODUCTS: Final = 1_000_000
"""Products that the promotions of a drawn code name together."""

_MAX_READ: Final = 200_000
"""Claims that one edit reads; and lines that it redraws."""

_BATCH: Final = 1_000
"""Lines that are redrawn together. The event loop serves other requests between two batches."""

_KEYS: Final = """
SELECT crowded.code_key, is_drawn, one_time, (
    SELECT promotion_id FROM codes
    WHERE merchant_id = $1 AND code_key = crowded.code_key AND promotion_id = $2
        AND removed_at IS NULL
) IS NOT NULL AS has_code
FROM crowded_codes AS crowded
WHERE crowded.merchant_id = $1
"""

_REMOVE: Final = "DELETE FROM {table} WHERE merchant_id = $1 AND code_key = ANY ($2::text[])"
_REMOVE_ALL: Final = "DELETE FROM {table} WHERE merchant_id = $1"
_TABLES: Final = ("code_picks", "crowded_codes")

_ADD: Final = """
INSERT INTO crowded_codes (merchant_id, code_key, is_drawn, one_time) VALUES ($1, $2, $3, $4)
"""

_SET_ONE_TIME: Final = """
UPDATE crowded_codes SET one_time = $3 WHERE merchant_id = $1 AND code_key = $2
"""

# It waits for edits, and for transactions that generate codes (`claim_generated`).
_LOCK: Final = """
SELECT drawn_version = price_version AS are_true FROM timeline_versions
WHERE merchant_id = $1 FOR UPDATE
"""

# A transaction that generates codes locks these rows first, and the merchant's versions last.
NOTICE_GENERATED: Final = """
UPDATE code_generations SET noticed = made WHERE merchant_id = $1 AND made <> noticed
RETURNING true
"""
"""Takes note of what a program older than schema 0036 generated; has rows if that is anything."""

_SET_VERSION: Final = """
UPDATE timeline_versions SET drawn_version = price_version WHERE merchant_id = $1
"""

_LIST: Final = "SELECT code_key FROM crowded_codes WHERE merchant_id = $1"

_LOCK_SHARED: Final = """
SELECT FROM timeline_versions WHERE merchant_id = $1 FOR KEY SHARE
"""


@dataclass(slots=True)
class _Redrawing:
    """What one promotion claims now, by code and line; and the lines on which it claims less."""

    claims: dict[tuple[str, CodeTimeline], Span] = field(default_factory=dict)
    lost: dict[str, set[CodeTimeline]] = field(default_factory=dict)
    done: set[tuple[str, CodeTimeline]] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def note_lost(self, shown: Spans) -> None:
        """Find the lines of which the promotion claims less than they show of it."""
        for (key, line), spans in shown.of.items():
            claim = self.claims.get((key, line))
            if any(loses(span, claim, line) for span in spans):
                self.lost.setdefault(key, set()).add(line)


async def redraw_codes(connection: Connection, merchant_id: int, promotion_id: int) -> None:
    """Update the timelines for one promotion, whose rows and codes are written already.

    The transaction has renewed the price version, and the timelines were true before it.
    """
    keys = await connection.fetch(_KEYS, merchant_id, promotion_id)
    keys = [one for one in keys if one["is_drawn"]]
    if not keys:
        return
    rows = await connection.fetch(SHOWN_OF_PROMOTION, merchant_id, promotion_id)
    shown = Spans.of_rows(rows)
    if not (shown.of or any(one["has_code"] or promotion_id in one["one_time"] for one in keys)):
        return
    redrawing = _Redrawing()
    await _update_one_time(connection, merchant_id, promotion_id, keys, redrawing)
    await _find_claims(connection, merchant_id, promotion_id, keys, redrawing)
    redrawing.note_lost(shown)
    await _redraw_from_newest(connection, merchant_id, redrawing, shown)
    await _find_too_much(connection, merchant_id, redrawing)
    await _remove_timelines(connection, merchant_id, redrawing.removed)
    for key, lines in redrawing.lost.items():
        if lines and key not in redrawing.removed:
            await _redraw_lines(connection, merchant_id, key, list(lines))
    await _add_claims(connection, merchant_id, promotion_id, redrawing)


async def _update_one_time(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    keys: Sequence[asyncpg.Record],
    redrawing: _Redrawing,
) -> None:
    """List the promotion with the codes that it has as one-time ones, and with no others."""
    is_one_time = (
        await connection.fetchval(ONE_TIME_OF_PROMOTION, merchant_id, promotion_id, 1) is not None
    )
    for one in keys:
        key, one_time = one["code_key"], one["one_time"]
        others = [other for other in one_time if other != promotion_id]
        wanted = [*others, promotion_id] if one["has_code"] and is_one_time else others
        if len(wanted) > _MAX_ONE_TIME:
            redrawing.removed.add(key)
        elif wanted != one_time:
            await connection.execute(_SET_ONE_TIME, merchant_id, key, wanted)


async def _find_claims(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    keys: Sequence[asyncpg.Record],
    redrawing: _Redrawing,
) -> None:
    """Read what the promotion claims on the timelines of its codes."""
    rows = await connection.fetch(CLAIMS_OF_PROMOTION, merchant_id, promotion_id)
    claims = {CodeTimeline(*row[:2]): span_of_row(row) for row in rows}
    for one in keys:
        if one["has_code"]:
            redrawing.claims |= {(one["code_key"], line): claim for line, claim in claims.items()}


async def _redraw_from_newest(
    connection: Connection, merchant_id: int, redrawing: _Redrawing, shown: Spans
) -> None:
    """Draw the lines for which the newest promotions are enough; the others stay lost."""
    for key, lines in redrawing.lost.items():
        latest = [line for line in lines if not line.by_percent]
        columns = line_columns(latest)
        rows = await connection.fetch(CLAIMS_OF_NEWEST, merchant_id, key, *columns)
        claims, drawn = _draw_rows(key, rows), Spans()
        rows = await connection.fetch(SHOWN_ON_LINES, merchant_id, key, *columns)
        stored = Spans.of_rows(rows)
        for line in latest:
            place = key, line
            lost = shown.of[place]
            others = [span for span in stored.of.get(place, ()) if span not in lost]
            own = [redrawing.claims[place]] if place in redrawing.claims else []
            timeline = draw_timeline(line, [*others, *claims.of.get(place, ()), *own])
            if all(covers(timeline, span) for span in lost):
                drawn.of[place] = timeline
                lines.discard(line)
                redrawing.done.add(place)
        await write_difference(connection, merchant_id, stored, drawn)


async def _find_too_much(connection: Connection, merchant_id: int, redrawing: _Redrawing) -> None:
    """Find the codes of which an edit would read too many claims."""
    work = len(redrawing.claims)
    for key, lines in redrawing.lost.items():
        if not lines:
            continue
        work += len(lines) * await connection.fetchval(
            COUNT_PROMOTIONS, merchant_id, key, _MAX_READ
        )
    if work > _MAX_READ:
        redrawing.removed |= {key for key, _ in redrawing.claims} | redrawing.lost.keys()


async def _redraw_lines(
    connection: Connection, merchant_id: int, key: str, lines: Sequence[CodeTimeline]
) -> None:
    """Draw these lines of a code from the claims of all its promotions."""
    columns = line_columns(lines)
    rows = await connection.fetch(CLAIMS_ON_LINES, merchant_id, key, *columns)
    drawn = _draw_rows(key, rows)
    for line in lines:
        drawn.of.setdefault((key, line), [])
    rows = await connection.fetch(SHOWN_ON_LINES, merchant_id, key, *columns)
    await write_difference(connection, merchant_id, Spans.of_rows(rows), drawn)


async def _add_claims(
    connection: Connection, merchant_id: int, promotion_id: int, redrawing: _Redrawing
) -> None:
    """Show the promotion's claims where they win over what is shown."""
    claims = [
        (key, line, claim)
        for (key, line), claim in redrawing.claims.items()
        if key not in redrawing.removed
        and line not in redrawing.lost.get(key, ())
        and (key, line) not in redrawing.done
    ]
    for first in range(0, len(claims), _BATCH):
        some = claims[first : first + _BATCH]
        rows = await connection.fetch(
            SHOWN_WITH_CLAIMS,
            merchant_id,
            [key for key, *_ in some],
            [line.by_percent for _, line, _ in some],
            [line.product_id for _, line, _ in some],
            [claim.starts_at for *_, claim in some],
            [claim.ends_at for *_, claim in some],
        )
        stored, drawn = Spans.of_rows(rows), Spans()
        for key, line, claim in some:
            shown = stored.of.get((key, line), ())
            rivals = [span for span in shown if span.promotion_id != promotion_id]
            drawn.of[key, line] = draw_timeline(line, [*rivals, claim])
        await write_difference(connection, merchant_id, stored, drawn)


async def draw_code(connection: Connection, merchant_id: int, key: str) -> None:
    """Draw the timelines of a code that more than FEW_PROMOTIONS have, unless they are drawn."""
    were_generated = await connection.fetch(NOTICE_GENERATED, merchant_id)
    version = await connection.fetchrow(_LOCK, merchant_id)
    if version is None:
        return
    if were_generated or not version["are_true"]:
        for table in _TABLES:
            await connection.execute(_REMOVE_ALL.format(table=table), merchant_id)
        await connection.execute(_SET_VERSION, merchant_id)
    known = {row["code_key"] for row in await connection.fetch(_LIST, merchant_id)}
    if key in known or len(known) >= _MAX_CODES:
        return
    if (
        await connection.fetchval(COUNT_PROMOTIONS, merchant_id, key, FEW_PROMOTIONS + 1)
        <= FEW_PROMOTIONS
    ):
        return
    one_time = [
        row[0]
        for row in await connection.fetch(ONE_TIME_OF_KEY, merchant_id, key, _MAX_ONE_TIME + 1)
    ]
    products = await connection.fetchval(COUNT_PRODUCTS, merchant_id, key, _MAX_PRODUCTS + 1)
    is_drawn = len(one_time) <= _MAX_ONE_TIME and products <= _MAX_PRODUCTS
    await connection.execute(_ADD, merchant_id, key, is_drawn, one_time if is_drawn else [])
    if is_drawn:
        rows = await connection.fetch(CLAIMS_OF_KEY, merchant_id, key)
        await write_spans(connection, merchant_id, await in_thread(_draw_rows, key, rows))


async def claim_generated(connection: Connection, merchant_id: int, keys: Sequence[str]) -> bool:
    """Whether one of the generated codes has timelines, which must then be redrawn.

    The lock does not wait for edits, nor they for it. Drawing waits for it. So either drawing sees
    the codes that this transaction has added, or this statement sees that the code is drawn.
    """
    await connection.execute(_LOCK_SHARED, merchant_id)
    crowded = {row["code_key"] for row in await connection.fetch(_LIST, merchant_id)}
    return not crowded.isdisjoint(keys)


def _draw_rows(key: str, rows: Iterable[asyncpg.Record]) -> Spans:
    """The timelines of a code from the claims of its promotions."""
    claims: dict[CodeTimeline, list[Span]] = {}
    for row in rows:
        claims.setdefault(CodeTimeline(*row[:2]), []).append(span_of_row(row))
    drawn = Spans()
    drawn.of = {(key, line): draw_timeline(line, some) for line, some in claims.items()}
    return drawn


async def _remove_timelines(connection: Connection, merchant_id: int, keys: Iterable[str]) -> None:
    """Delete the timelines of codes; a cart that has one of them lets it be drawn again."""
    if removed := list(keys):
        for table in _TABLES:
            await connection.execute(_REMOVE.format(table=table), merchant_id, removed)
