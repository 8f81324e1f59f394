"""Promotions in events: their facts, and whether they run as the last event said.

`told_phase` is the phase that the last event of a promotion reported: 0 not running, 1 running, 2
over. A statement that changes it writes the event too:

- An edit (`history`) sets it in its own transaction, which has the promotion's row locked.
- When the time comes, `record_starts_and_ends` sets it, in the process that is first. It locks the
  row and checks its newest version, so each start and each end has one event, and the clocks of
  two processes may differ.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sconto.store.database import Connection
from sconto.store.kind_sql import kind_of
from sconto.store.period_sql import OVER_FROM, instant_sql
from sconto.store.polls import Poll


@dataclass(frozen=True, slots=True)
class PromotionTable:
    """A table of promotions, and its names for what both have.

    `kind` is an expression; `object` is the name of the promotions in events.
    """

    name: str
    kind: str
    object: str
    is_on: str


PROMOTIONS: Final = PromotionTable(
    "promotions",
    kind_of(),
    "promotion",
    "active AND deleted_at IS NULL",
)
SUBSCRIPTION_PROMOTIONS: Final = PromotionTable(
    "subscription_promotions",
    "'subscription'",
    "subscription promotion",
    "enabled AND archived_at IS NULL",
)


def subject_sql(table: PromotionTable) -> str:
    """The facts of a promotion's row in events."""
    active = "active" if table is PROMOTIONS else "enabled"
    return f"""json_build_object('kind', {table.kind}, 'id', promotion_id, 'name', name,
        'active', {active}, 'starts_at', {instant_sql("starts_at")},
        'ends_at', {instant_sql("ends_at")})"""


def phase_sql(table: PromotionTable, now: str) -> str:
    """The phase of a row's promotion at a time."""
    return f"""(CASE WHEN NOT ({table.is_on}) OR starts_at > {now} THEN 0
        WHEN {OVER_FROM} <= {now} THEN 2 ELSE 1 END)"""


def _queue_starts(table: PromotionTable) -> str:
    # A promotion that has ended was running only if it was not changed since.
    return f"""
WITH due AS MATERIALIZED (
    SELECT promotion_id, {phase_sql(table, "$2::timestamptz")} AS phase, starts_at,
           {OVER_FROM} AS over_from, updated_at, {subject_sql(table)} AS subject
    FROM {table.name}
    WHERE merchant_id = $1 AND told_phase = 0 AND {table.is_on} AND starts_at <= $2
    ORDER BY starts_at
    LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED
), changed AS (
    UPDATE {table.name} AS promotion SET told_phase = due.phase
    FROM due
    WHERE promotion.merchant_id = $1 AND promotion.promotion_id = due.promotion_id
)
INSERT INTO event_outbox (merchant_id, type, object, occurred_at, subject)
SELECT $1, event.type, '{table.object} ' || promotion_id, event.at, subject
FROM due
CROSS JOIN LATERAL (VALUES
    ('promotion.started', greatest(starts_at, updated_at)), ('promotion.ended', over_from)
) AS event (type, at)
WHERE CASE event.type WHEN 'promotion.started' THEN phase = 1 OR updated_at < over_from
    ELSE phase = 2 AND updated_at < over_from END
ORDER BY event.at, event.type DESC
RETURNING true
"""  # noqa: S608  # of our own constants


def _queue_ends(table: PromotionTable) -> str:
    return f"""
WITH due AS MATERIALIZED (
    SELECT promotion_id, {OVER_FROM} AS over_from, {subject_sql(table)} AS subject
    FROM {table.name}
    WHERE merchant_id = $1 AND told_phase = 1 AND ends_at <= $2 AND {OVER_FROM} <= $2
    ORDER BY ends_at
    LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED
), changed AS (
    UPDATE {table.name} AS promotion SET told_phase = 2
    FROM due
    WHERE promotion.merchant_id = $1 AND promotion.promotion_id = due.promotion_id
)
INSERT INTO event_outbox (merchant_id, type, object, occurred_at, subject)
SELECT $1, 'promotion.ended', '{table.object} ' || promotion_id, over_from, subject
FROM due
ORDER BY over_from
RETURNING true
"""  # noqa: S608


_TABLES: Final = (PROMOTIONS, SUBSCRIPTION_PROMOTIONS)
_QUEUE: Final = tuple(queue(table) for table in _TABLES for queue in (_queue_starts, _queue_ends))


def _set_phases(table: PromotionTable) -> str:
    return f"""
WITH wrong AS MATERIALIZED (
    SELECT promotion_id, {phase_sql(table, "$2::timestamptz")} AS phase
    FROM {table.name}
    WHERE merchant_id = $1 AND told_phase <> {phase_sql(table, "$2::timestamptz")}
    FOR NO KEY UPDATE
)
UPDATE {table.name} AS promotion SET told_phase = wrong.phase
FROM wrong
WHERE promotion.merchant_id = $1 AND promotion.promotion_id = wrong.promotion_id
"""  # noqa: S608


_SET_PHASES: Final = tuple(map(_set_phases, _TABLES))


def _has_due(table: PromotionTable) -> str:
    return f"""EXISTS (
        SELECT FROM {table.name} AS promotion
        WHERE promotion.merchant_id = recording.merchant_id AND told_phase = 0 AND {table.is_on}
            AND starts_at <= $1
    ) OR EXISTS (
        SELECT FROM {table.name} AS promotion
        WHERE promotion.merchant_id = recording.merchant_id AND told_phase = 1
            AND ends_at <= $1 AND {OVER_FROM} <= $1
    )"""  # noqa: S608


# It reads all merchants that record events, in their index, and four more entries for each.
LIST_DUE: Final = Poll(f"""
SELECT merchant_id
FROM timeline_versions AS recording
WHERE records_events AND ({" OR ".join(map(_has_due, _TABLES))})
LIMIT $2
""")  # noqa: S608


async def list_merchants_with_due_times(
    connection: Connection, now: datetime, limit: int
) -> list[int]:
    """The merchants that record events and have a promotion with a start or end to report."""
    return [row["merchant_id"] for row in await LIST_DUE.fetch(connection, now, limit)]


async def record_starts_and_ends(
    connection: Connection, merchant_id: int, now: datetime, limit: int
) -> int:
    """Write events for promotions that started or ended since the last event; returns how many.

    Those that another transaction has locked are left out. Needs a transaction.
    """
    written = 0
    for statement in _QUEUE:
        written += len(await connection.fetch(statement, merchant_id, now, limit))
    return written


async def set_phases(connection: Connection, merchant_id: int, now: datetime) -> None:
    """Set the phase of all promotions to their state, without an event."""
    for statement in _SET_PHASES:
        await connection.execute(statement, merchant_id, now)
