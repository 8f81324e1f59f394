"""Tokens that end before they expire: all of an old epoch, and those ended one by one."""

from datetime import datetime
from typing import Final

from sconto.domain.people import Caller
from sconto.store.database import Connection

_READ_EPOCH: Final = "SELECT epoch FROM token_epoch"

_RENEW_EPOCH: Final = "UPDATE token_epoch SET epoch = $1"

_END: Final = """
INSERT INTO ended_tokens (merchant_id, user_id, token_id, expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""

_COUNT: Final = "SELECT count(*) FROM ended_tokens WHERE merchant_id = $1 AND user_id = $2"

_REMOVE_TIMELINES: Final = "DELETE FROM ended_tokens WHERE merchant_id = $1 AND user_id = $2"


def sweep_expired(table: str) -> str:
    """The statement that removes up to 20 tokens of a table that expired at $1 or before."""
    return f"""
WITH old AS (
    SELECT merchant_id, user_id, token_id FROM {table}
    WHERE expires_at <= $1 ORDER BY expires_at LIMIT 20
    FOR UPDATE SKIP LOCKED
)
DELETE FROM {table} USING old
WHERE {table}.merchant_id = old.merchant_id AND {table}.user_id = old.user_id
    AND {table}.token_id = old.token_id
"""  # noqa: S608  # of our own constants


_SWEEP: Final = sweep_expired("ended_tokens")

_LIST: Final = """
SELECT token_id FROM ended_tokens WHERE expires_at > now() - interval '1 hour'
"""


async def read_epoch(connection: Connection) -> int:
    """The number that tokens must carry."""
    epoch: int = await connection.fetchval(_READ_EPOCH)
    return epoch


async def renew_epoch(connection: Connection, epoch: int) -> None:
    """Set the number that tokens must carry from now on."""
    await connection.execute(_RENEW_EPOCH, epoch)


async def end_token(
    connection: Connection, caller: Caller, token_id: str, expires_at: datetime, now: datetime
) -> int:
    """End a token; returns how many ended tokens are stored for the user."""
    ids = (caller.merchant_id, caller.user_id)
    await connection.execute(_SWEEP, now)
    await connection.execute(_END, *ids, token_id, expires_at)
    count: int = await connection.fetchval(_COUNT, *ids)
    return count


async def delete_ended_tokens(connection: Connection, caller: Caller) -> None:
    """Remove the user's ended tokens, because a change of the user ends all their tokens."""
    await connection.execute(_REMOVE_TIMELINES, caller.merchant_id, caller.user_id)


async def list_ended_tokens(connection: Connection) -> frozenset[str]:
    """The ids of ended tokens that would be valid otherwise."""
    return frozenset(row["token_id"] for row in await connection.fetch(_LIST))
