"""The timelines of automatic promotions, so that the pick at any time is one index look-up.

The invariant. At every instant, the timeline of a product shows one promotion: of all automatic
promotions that are active, not deleted, name the product, and have the instant in their period, the
one created last. The timeline of all products shows the same of the promotions that cover all
products. Spans of a timeline do not overlap, and two neighbours that could be one span are one.

Why it holds. Only a write to a promotion can change what should be shown. Each such write calls
`redraw` in its own transaction, and a merchant's writes run one after another. Let P be the
promotion that is written.

- An instant where P was not shown before and claims nothing now: nothing changes.
- An instant that P claims now: P is shown, unless promotions created later claim it too. Then the
  latest of those is in the timeline already, and stays.
- An instant where P was shown and which it no longer claims: no later promotion claims the instant,
  or P would not have been shown. So the latest of those created before P is revealed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sconto.domain.coverage import (
    AllProducts,
    Coverage,
    ListedProducts,
    OwnPercents,
    named_products,
)
from sconto.domain.schedule import (
    ALL_PRODUCTS_ID,
    Period,
    Span,
    latest_wins,
    parts_outside,
    span_of,
)
from sconto.store.database import Connection
from sconto.store.revealed import find_revealed
from sconto.store.row_batches import columns_of
from sconto.store.threads import in_thread

_BATCH: Final = 1_000
"""Products that are redrawn together. The event loop serves other requests between two batches."""

# For each product and period: the span that is running when the period starts, and those that start
# within it. Spans that only touch the period count too, so that a growing span joins its neighbour.
_SHOWN = """
SELECT shown.product_id, shown.starts_at, shown.ends_at, shown.promotion_id, shown.percent
FROM unnest($2::bigint[]) AS product (id)
CROSS JOIN unnest($3::timestamptz[], $4::timestamptz[]) AS period (starts_at, ends_at)
CROSS JOIN LATERAL (
    (
        SELECT * FROM automatic_picks
        WHERE merchant_id = $1 AND product_id = product.id AND starts_at < period.starts_at
        ORDER BY starts_at DESC
        LIMIT 1
    )
    UNION ALL
    SELECT * FROM automatic_picks
    WHERE merchant_id = $1 AND product_id = product.id AND starts_at >= period.starts_at
        AND starts_at <= coalesce(period.ends_at, 'infinity')
) AS shown
WHERE shown.ends_at IS NULL OR shown.ends_at >= period.starts_at
"""

# No span is both deleted and written, so the two parts may run in any order.
_WRITE = """
WITH deleted AS (
    DELETE FROM automatic_picks AS pick
    USING unnest($2::bigint[], $3::timestamptz[]) AS gone (product_id, starts_at)
    WHERE pick.merchant_id = $1 AND pick.product_id = gone.product_id
        AND pick.starts_at = gone.starts_at
)
INSERT INTO automatic_picks
    (merchant_id, product_id, starts_at, ends_at, promotion_id, percent)
SELECT $1, *
FROM unnest($4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::bigint[], $8::bigint[])
ON CONFLICT (merchant_id, product_id, starts_at) DO UPDATE
SET ends_at = excluded.ends_at, promotion_id = excluded.promotion_id, percent = excluded.percent
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a promotion would show on the timeline if it were the only one."""

    period: Period
    coverage: Coverage


async def redraw(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    before: Claim | None,
    after: Claim | None,
) -> set[int]:
    """Update the timeline for one promotion, whose rows are already written.

    A claim is None if the promotion is of type coupon, inactive or deleted. Only spans that differ
    are written. Returns the products whose timelines changed. If there are any, the transaction
    must give the timeline a new version, because processes cache picks (`price_versions`).
    """
    periods = list({claim.period: None for claim in (before, after) if claim is not None})
    named = sum(len(named_products(one.coverage)) for one in (before, after) if one is not None)
    if named > _BATCH:
        claims = list((await in_thread(_differing_claims, promotion_id, before, after)).items())
    else:
        claims = list(_differing_claims(promotion_id, before, after).items())
    changed: set[int] = set()
    for first in range(0, len(claims), _BATCH):
        batch = dict(claims[first : first + _BATCH])
        shown = await _find_shown(connection, merchant_id, batch, periods)
        drawn = await _draw(connection, merchant_id, promotion_id, batch, shown)
        changed |= await _write_difference(connection, merchant_id, shown, drawn)
    return changed


def _differing_claims(
    promotion_id: int, before: Claim | None, after: Claim | None
) -> dict[int, Span | None]:
    """By product, what the promotion claims now, if that differs from what it claimed before."""
    old, new = _claims(promotion_id, before), _claims(promotion_id, after)
    changed = {product_id: span for product_id, span in new.items() if old.get(product_id) != span}
    return {product_id: None for product_id in old if product_id not in new} | changed


def _claims(promotion_id: int, claim: Claim | None) -> dict[int, Span]:
    if claim is None:
        return {}
    return {
        product_id: span_of(claim.period, promotion_id, percent)
        for product_id, percent in _percents(claim.coverage).items()
    }


def _percents(coverage: Coverage) -> Mapping[int, int]:
    match coverage:
        case AllProducts(percent=percent):
            return {ALL_PRODUCTS_ID: percent}
        case ListedProducts(percent=percent, product_ids=product_ids):
            return dict.fromkeys(product_ids, percent)
        case OwnPercents(percents=percents):
            return percents


async def _find_shown(
    connection: Connection, merchant_id: int, product_ids: Iterable[int], periods: Sequence[Period]
) -> dict[int, set[Span]]:
    """By product, the spans that overlap or touch one of the periods."""
    spans = [span_of(period, 0, 0) for period in periods]
    rows = await connection.fetch(
        _SHOWN,
        merchant_id,
        list(product_ids),
        [span.starts_at for span in spans],
        [span.ends_at for span in spans],
    )
    shown: dict[int, set[Span]] = {}
    for product_id, *span in rows:
        shown.setdefault(product_id, set()).add(Span(*span))
    return shown


async def _draw(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    claims: Mapping[int, Span | None],
    shown: Mapping[int, set[Span]],
) -> dict[int, list[Span]]:
    """By product, the spans that should be shown instead of those in `shown`."""
    candidates: dict[int, list[Span]] = {}
    gaps: list[tuple[int, Span]] = []
    for product_id, claim in claims.items():
        candidates[product_id] = [] if claim is None else [claim]
        for span in shown.get(product_id, ()):
            if span.promotion_id != promotion_id:
                candidates[product_id].append(span)
            elif claim is None:
                gaps.append((product_id, span))
            else:
                gaps += [(product_id, part) for part in parts_outside(span, claim)]
    for product_id, span in await find_revealed(connection, merchant_id, gaps):
        candidates[product_id].append(span)
    return {product_id: latest_wins(spans) for product_id, spans in candidates.items()}


async def _write_difference(
    connection: Connection,
    merchant_id: int,
    shown: Mapping[int, set[Span]],
    drawn: Mapping[int, Sequence[Span]],
) -> set[int]:
    """Write the spans that differ; returns their products."""
    gone: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    for product_id, spans in drawn.items():
        old = shown.get(product_id, set())
        starts = {span.starts_at for span in spans}
        gone += [(product_id, span.starts_at) for span in old if span.starts_at not in starts]
        changed += [(product_id, *_columns(span)) for span in spans if span not in old]
    if gone or changed:
        columns = (*columns_of(gone, 2), *columns_of(changed, 5))
        await connection.execute(_WRITE, merchant_id, *columns)
    return {product_id for product_id, *_ in (*gone, *changed)}


def _columns(span: Span) -> tuple[object, ...]:
    return span.starts_at, span.ends_at, span.promotion_id, span.percent
