"""Promotions as they are now, with their edits since a time, in one statement of look-ups."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

import msgspec

from sconto.domain.cart_promotion import CartTerms
from sconto.domain.history import Change, Entry, Facts, Subject, Verb
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.replay_causes import PromotionState
from sconto.domain.replay_shares import PromotionRef
from sconto.domain.schedule import Period
from sconto.store.database import Connection
from sconto.store.kind_sql import kind_of

_MAX_ENTRIES: Final = 200
"""Entries that are read of a promotion, the latest."""

_ENTRIES: Final = f"""
    CASE WHEN wanted.with_entries THEN ARRAY(
        SELECT json_build_object('id', entry_id, 'recorded_at', recorded_at, 'username', username,
            'verb', verb, 'before', before, 'after', after)
        FROM history
        WHERE merchant_id = $1 AND subject = '{{subject}}' AND subject_id = wanted.promotion_id
            AND recorded_at > $6
        ORDER BY entry_id DESC
        LIMIT {_MAX_ENTRIES}
    ) END
"""  # noqa: S608  # of our own constants

_READ: Final = f"""
SELECT coalesce(json_agg(found), '[]')
FROM (
    SELECT json_build_object(
        'kind', {kind_of("promotion.type")},
        'id', wanted.promotion_id, 'name', name, 'created_at', created_at,
        'deleted_at', deleted_at, 'active', active, 'starts_at', starts_at, 'ends_at', ends_at,
        'terms', (
            SELECT terms FROM cart_promotions
            WHERE merchant_id = $1 AND promotion_id = wanted.promotion_id
        ),
        'entries', {_ENTRIES.format(subject=Subject.PROMOTION.value)}) AS found
    FROM unnest($2::bigint[], $3::boolean[]) AS wanted (promotion_id, with_entries)
    CROSS JOIN LATERAL (
        SELECT type, name, created_at, deleted_at, active, starts_at, ends_at FROM promotions
        WHERE merchant_id = $1 AND promotion_id = wanted.promotion_id
        LIMIT 1
    ) AS promotion
    UNION ALL
    SELECT json_build_object(
        'kind', 'subscription', 'id', wanted.promotion_id, 'name', name,
        'created_at', created_at, 'deleted_at', archived_at, 'active', enabled,
        'entries', {_ENTRIES.format(subject=Subject.SUBSCRIPTION_PROMOTION.value)})
    FROM unnest($4::bigint[], $5::boolean[]) AS wanted (promotion_id, with_entries)
    CROSS JOIN LATERAL (
        SELECT name, created_at, archived_at, enabled FROM subscription_promotions
        WHERE merchant_id = $1 AND promotion_id = wanted.promotion_id
        LIMIT 1
    ) AS promotion
) AS every
"""  # noqa: S608  # of our own constants

_LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)


class _StateEntry(msgspec.Struct):
    id: int
    recorded_at: datetime
    username: str | None
    verb: Verb
    before: Facts | None
    after: Facts | None


class _StateRow(msgspec.Struct):
    kind: PromotionKind
    id: int
    name: str
    created_at: datetime
    deleted_at: datetime | None
    active: bool
    starts_at: datetime = _LONG_AGO
    ends_at: datetime | None = None
    terms: CartTerms | None = None
    entries: list[_StateEntry] | None = None


_ROWS: Final = msgspec.json.Decoder(list[_StateRow])


async def read_states(
    connection: Connection,
    merchant_id: int,
    mentioned: Collection[PromotionRef],
    differing: Collection[PromotionRef],
    since: datetime,
) -> dict[PromotionRef, PromotionState]:
    """The promotions that exist or existed; those that differ with their history since a time."""
    arguments: list[list[object]] = []
    for is_subscription in (False, True):
        wanted = {
            ref.id: ref in differing
            for ref in (*mentioned, *differing)
            if (ref.kind is PromotionKind.SUBSCRIPTION) is is_subscription
        }
        arguments += [list(wanted), list(wanted.values())]
    rows = _ROWS.decode(await connection.fetchval(_READ, merchant_id, *arguments, since))
    return {PromotionRef(row.kind, row.id): _state(row) for row in rows}


def _state(row: _StateRow) -> PromotionState:
    entries = [
        Entry(
            one.id,
            one.recorded_at,
            one.username,
            Change(Subject.PROMOTION, row.id, one.verb, one.before, one.after),
        )
        for one in reversed(row.entries or ())
    ]
    return PromotionState(
        row.name,
        row.created_at,
        row.deleted_at,
        row.active,
        Period(row.starts_at, row.ends_at),
        entries,
        row.terms,
    )
