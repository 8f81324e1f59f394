"""The history: rows that are added in the transaction of the change, and never changed.

Triggers refuse changes to everybody, and deletions to all but a purge (`purging`).

If the merchant records events, the statement that records a change of a promotion also writes its
events to the outbox (`event_outbox`). So each change has its event, and none costs another
statement.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.events import events_of
from sconto.domain.history import Change, Entry, Facts, HistoryPage, Subject, Verb
from sconto.domain.numbers import MAX_INT64
from sconto.domain.people import Caller
from sconto.store.database import Connection
from sconto.store.node_calls import is_of_citus
from sconto.store.people import PossibleUser
from sconto.store.price_versions import (
    Renewal,
    redraw_codes_of,
    renew_sql,
    renewal_arguments,
)
from sconto.store.promotion_events import (
    PROMOTIONS,
    SUBSCRIPTION_PROMOTIONS,
    PromotionTable,
    phase_sql,
    subject_sql,
)

# The name is stored by value, because the user may be renamed or removed later. The user id of an
# API key is the key's, negated.
_RECORD: Final = """
INSERT INTO history
    (merchant_id, recorded_at, user_id, username, subject, subject_id, verb, before, after)
SELECT
    $1::bigint,
    coalesce($2::timestamptz, now()),
    $3::bigint,
    coalesce(
        (SELECT username FROM users WHERE user_id = $3),
        (SELECT 'API key ' || name FROM api_keys WHERE merchant_id = $1 AND key_id = -$3::bigint)
    ),
    $4::text, $5::bigint, $6::text, $7::json, $8::json
"""


# A transaction that switches recording on may hold the version's row. The statement waits for it,
# and only the row that it then writes says whether events are recorded.
_RENEWED: Final = f"renewed AS ({renew_sql('$11', '$12', '$13')}), "


def _record_with_events(table: PromotionTable, *, renews: bool, in_parts: bool) -> str:
    # The change has the promotion's row locked. If it started or stopped the promotion, that is an
    # event too.
    versions = "renewed WHERE" if renews else "timeline_versions WHERE merchant_id = $1 AND"
    is_drawn = "SELECT is_drawn FROM renewed" if renews else "SELECT false"
    queue = f"""
    INSERT INTO event_outbox (merchant_id, type, object, occurred_at, subject, data)
    SELECT $1, event.type, '{table.object} ' || $5::bigint, $2, facts, event.data
    FROM subject
    CROSS JOIN LATERAL (
        SELECT type, data, place
        FROM unnest($9::text[], $10::text[]::json[]) WITH ORDINALITY AS one (type, data, place)
        UNION ALL
        SELECT 'promotion.started', NULL, 1000 WHERE phase = 1 AND told_phase <> 1
        UNION ALL
        SELECT 'promotion.ended', NULL, 1000 WHERE phase <> 1 AND told_phase = 1
    ) AS event
    ORDER BY event.place"""  # noqa: S608  # of our own constants
    end = f")\n{queue}\n" if in_parts else f"), queued AS ({queue}\n)\n{is_drawn}\n"
    return f"""
WITH {_RENEWED if renews else ""}recorded AS (
    {_RECORD}
), subject AS MATERIALIZED (
    SELECT told_phase, {phase_sql(table, "$2::timestamptz")} AS phase, {subject_sql(table)} AS facts
    FROM {table.name}
    WHERE merchant_id = $1 AND promotion_id = $5
      AND EXISTS (SELECT FROM {versions} records_events)
), changed AS (
    UPDATE {table.name} AS promotion SET told_phase = subject.phase
    FROM subject
    WHERE promotion.merchant_id = $1 AND promotion.promotion_id = $5
      AND promotion.told_phase <> subject.phase
{end}"""  # noqa: S608  # of our own constants


# One statement for any number of users, so its time does not show whether one has the name.
_RECORD_FAILURES: Final = """
INSERT INTO history (merchant_id, recorded_at, user_id, username, subject, subject_id, verb, after)
SELECT merchant_id, $4, user_id, username, $5, user_id, $6, $7::json
FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS meant (merchant_id, user_id, username)
"""

_TABLES: Final = {
    Subject.PROMOTION: PROMOTIONS,
    Subject.SUBSCRIPTION_PROMOTION: SUBSCRIPTION_PROMOTIONS,
}

# Citus asks all nodes for an INSERT in WITH that reads from WITH. So there the events come last,
# and whether timelines are true is read afterwards: the version's row is locked.
_RECORD_WITH_EVENTS: Final = {
    (subject, renews, in_parts): _record_with_events(table, renews=renews, in_parts=in_parts)
    for subject, table in _TABLES.items()
    for renews in (True, False)
    for in_parts in (True, False)
}

_IS_DRAWN: Final = """
SELECT drawn_version = price_version FROM timeline_versions WHERE merchant_id = $1
"""

_COLUMNS: Final = """
SELECT entry_id, recorded_at, username, subject, subject_id, verb, before, after
FROM history
"""

_LIST_OF_ONE: Final = f"""{_COLUMNS}
WHERE merchant_id = $1 AND subject = $2 AND subject_id = $3 AND entry_id < $4
ORDER BY entry_id DESC
LIMIT $5
"""

_LIST_OF_ALL: Final = f"""{_COLUMNS}
WHERE merchant_id = $1 AND subject = $2 AND entry_id < $3
ORDER BY entry_id DESC
LIMIT $4
"""


async def record(
    connection: Connection,
    caller: Caller,
    change: Change,
    at: datetime | None = None,
    renewal: Renewal | None = None,
) -> None:
    """Store who changed what, in the transaction of the change, with its events.

    `at` is None if the change takes its time from the database, as changes of people do. A change
    of what promotions give has a `renewal`, as in `renew_prices`, and comes after all other locks.
    """
    statement = _RECORD
    more: list[object] = []
    in_parts = is_of_citus(connection)
    if change.subject in _TABLES:
        statement = _RECORD_WITH_EVENTS[change.subject, renewal is not None, in_parts]
        events = events_of(change)
        more = [[type_ for type_, _ in events], [_encode(facts) for _, facts in events]]
    if renewal is not None:
        more += renewal_arguments(renewal)
    is_drawn = await connection.fetchval(
        statement,
        caller.merchant_id,
        at,
        caller.user_id,
        change.subject,
        change.subject_id,
        change.verb,
        _encode(change.before),
        _encode(change.after),
        *more,
    )
    if in_parts and renewal is not None:
        is_drawn = await connection.fetchval(_IS_DRAWN, caller.merchant_id)
    if is_drawn and renewal is not None:
        await redraw_codes_of(connection, caller.merchant_id, renewal)


async def record_failed_sign_in(
    connection: Connection, meant: Sequence[PossibleUser], facts: Facts, now: datetime
) -> None:
    """Store a wrong password for a name, with each user who has the name."""
    callers = [user.state.caller for user in meant]
    await connection.execute(
        _RECORD_FAILURES,
        [caller.merchant_id for caller in callers],
        [caller.user_id for caller in callers],
        [user.username for user in meant],
        now,
        Subject.SIGN_IN,
        Verb.SIGN_IN_FAILED,
        _encode(facts),
    )


async def list_entries(
    connection: Connection,
    merchant_id: int,
    subject: Subject,
    subject_id: int,
    limit: int,
    before: int | None = None,
) -> HistoryPage:
    """The latest entries about one subject, or the latest of those older than `before`."""
    rows = await connection.fetch(
        _LIST_OF_ONE, merchant_id, subject, subject_id, before or MAX_INT64, limit + 1
    )
    return _page(rows, limit)


async def list_entries_of_all(
    connection: Connection,
    merchant_id: int,
    subject: Subject,
    limit: int,
    before: int | None = None,
) -> HistoryPage:
    """The latest entries about all subjects of a kind, as in `list_entries`."""
    rows = await connection.fetch(
        _LIST_OF_ALL, merchant_id, subject, before or MAX_INT64, limit + 1
    )
    return _page(rows, limit)


def _page(rows: Sequence[asyncpg.Record], limit: int) -> HistoryPage:
    return HistoryPage(tuple(map(entry_of, rows[:limit])), more=len(rows) > limit)


def _encode(facts: Facts | None) -> str | None:
    return None if facts is None else json.dumps(facts, ensure_ascii=False)


def _decode(text: str | None) -> Facts | None:
    facts: Facts | None = None if text is None else json.loads(text)
    return facts


def entry_of(row: asyncpg.Record) -> Entry:
    """The entry of a row with the columns of an entry."""
    change = Change(
        subject=Subject(row["subject"]),
        subject_id=row["subject_id"],
        verb=Verb(row["verb"]),
        before=_decode(row["before"]),
        after=_decode(row["after"]),
    )
    return Entry(row["entry_id"], row["recorded_at"], row["username"], change)
