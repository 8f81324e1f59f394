"""Sessions as rows: what people are shown about them. Tokens decide which are valid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.people import Caller
from sconto.domain.sessions import Origin, Session, Way
from sconto.store.database import Connection
from sconto.store.tokens import sweep_expired

_INSERT: Final = """
INSERT INTO sessions
    (merchant_id, user_id, token_id, as_of, created_at, seen_at, expires_at, address, user_agent,
     way)
VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9)
"""

_SWEEP: Final = sweep_expired("sessions")

# The sessions whose tokens are valid. A user who was never changed has sessions of any time.
_LIST: Final = """
SELECT token_id, sessions.created_at, seen_at, expires_at, address, user_agent, way
FROM sessions JOIN users USING (merchant_id, user_id)
WHERE merchant_id = $1 AND user_id = $2 AND expires_at > $3
    AND (as_of >= changed_at OR changed_at <= users.created_at)
    AND NOT EXISTS (
        SELECT FROM ended_tokens AS ended
        WHERE ended.merchant_id = $1 AND ended.user_id = $2 AND ended.token_id = sessions.token_id
    )
ORDER BY seen_at DESC, token_id
LIMIT $4
"""

_FIND_END: Final = """
SELECT expires_at FROM sessions WHERE merchant_id = $1 AND user_id = $2 AND token_id = $3
"""

_DELETE: Final = """
DELETE FROM sessions WHERE merchant_id = $1 AND user_id = $2 AND token_id = $3
"""

_NOTE_SEEN: Final = """
WITH found AS (
    SELECT merchant_id, user_id, token_id, seen.at
    FROM sessions JOIN unnest($1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[])
        AS seen (merchant_id, user_id, token_id, at) USING (merchant_id, user_id, token_id)
    WHERE seen_at < seen.at
    ORDER BY merchant_id, user_id, token_id
    FOR NO KEY UPDATE OF sessions
)
UPDATE sessions SET seen_at = found.at FROM found
WHERE sessions.merchant_id = found.merchant_id AND sessions.user_id = found.user_id
    AND sessions.token_id = found.token_id
"""

MAX_LISTED: Final = 100
"""Sessions that a person is shown, those seen last."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session to store. `as_of` is the last change of the user that its token knows."""

    caller: Caller
    token_id: str
    as_of: datetime
    created_at: datetime
    expires_at: datetime
    origin: Origin
    way: Way


@dataclass(frozen=True, slots=True)
class LastSeen:
    """When a session was seen last."""

    merchant_id: int
    user_id: int
    token_id: str
    at: datetime


async def insert_session(connection: Connection, new: NewSession) -> None:
    """Store a session, and remove some that have expired."""
    await connection.execute(_SWEEP, new.created_at)
    await connection.execute(
        _INSERT,
        new.caller.merchant_id,
        new.caller.user_id,
        new.token_id,
        new.as_of,
        new.created_at,
        new.expires_at,
        new.origin.address,
        new.origin.user_agent,
        new.way.value,
    )


async def list_sessions(connection: Connection, caller: Caller, now: datetime) -> list[Session]:
    """The user's valid sessions, those seen last first."""
    rows = await connection.fetch(_LIST, caller.merchant_id, caller.user_id, now, MAX_LISTED)
    return [_session(row) for row in rows]


async def find_session_end(
    connection: Connection, caller: Caller, token_id: str
) -> datetime | None:
    """When a session of the user expires; None if there is no such session."""
    end: datetime | None = await connection.fetchval(
        _FIND_END, caller.merchant_id, caller.user_id, token_id
    )
    return end


async def delete_session(connection: Connection, caller: Caller, token_id: str) -> None:
    """Remove the row of a session that was ended."""
    await connection.execute(_DELETE, caller.merchant_id, caller.user_id, token_id)


async def note_seen(connection: Connection, seen: Sequence[LastSeen]) -> None:
    """Store when sessions were seen last."""
    await connection.execute(
        _NOTE_SEEN,
        [one.merchant_id for one in seen],
        [one.user_id for one in seen],
        [one.token_id for one in seen],
        [one.at for one in seen],
    )


def _session(row: asyncpg.Record) -> Session:
    return Session(
        row["token_id"],
        row["created_at"],
        row["seen_at"],
        row["expires_at"],
        Origin(row["address"], row["user_agent"]),
        Way(row["way"]),
    )
