"""The promotions of a time: those that are switched on and run in some part of it."""

from datetime import UTC, datetime
from typing import Final

from sconto.domain.home import (
    CalendarEntry,
    CalendarPosition,
    NamedPromotion,
    Window,
)
from sconto.domain.numbers import MAX_INT64
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.schedule import Period
from sconto.store.database import Connection
from sconto.store.kind_sql import kind_of
from sconto.store.period_sql import ends_after

_START: Final = CalendarPosition(datetime(9999, 12, 31, tzinfo=UTC), MAX_INT64)
"""A position before all promotions."""

_MAX_SUBSCRIPTIONS: Final = 1_000

# The index uses the first comparison; the second is exact.
_NOT_OVER: Final = f"ends_at >= $2::timestamptz - interval '1 second' AND {ends_after('$2')}"

# Each half is one scan of `promotions_switched_on`, in its order, up to the limit.
_HALF: Final = f"""
(
    SELECT {kind_of()} AS kind, promotion_id, name,
        starts_at, ends_at
    FROM promotions
    WHERE merchant_id = $1 AND active AND deleted_at IS NULL
        AND starts_at < $3 AND starts_at <= $4 AND (starts_at, promotion_id) < ($4, $5)
        AND {{ends}}
    ORDER BY starts_at DESC, promotion_id DESC
    LIMIT $6
)
"""  # noqa: S608  # of our own constants

_LIST: Final = f"""
SELECT * FROM (
    {_HALF.format(ends=_NOT_OVER)}
    UNION ALL
    {_HALF.format(ends="ends_at IS NULL")}
    UNION ALL
    SELECT 'subscription', promotion_id, name, starts_at, ends_at
    FROM (
        SELECT promotion_id, name, coalesce(starts_at, created_at) AS starts_at, ends_at
        FROM subscription_promotions
        WHERE merchant_id = $1 AND enabled AND archived_at IS NULL
        ORDER BY promotion_id DESC
        LIMIT {_MAX_SUBSCRIPTIONS}
    ) AS latest
    WHERE starts_at < $3 AND (starts_at, promotion_id) < ($4, $5) AND coalesce(ends_at >= $2, true)
) AS entries
ORDER BY starts_at DESC, promotion_id DESC
LIMIT $6
"""  # noqa: S608  # of our own constants


async def list_entries(
    connection: Connection,
    merchant_id: int,
    window: Window,
    after: CalendarPosition | None,
    limit: int,
) -> list[CalendarEntry]:
    """The promotions of a window after a position, the one that starts last first."""
    place = after or _START
    rows = await connection.fetch(
        _LIST, merchant_id, window.first, window.end, place.starts_at, place.promotion_id, limit
    )
    return [
        CalendarEntry(
            NamedPromotion(PromotionKind(row["kind"]), row["promotion_id"], row["name"]),
            Period(row["starts_at"], row["ends_at"]),
        )
        for row in rows
    ]
