"""Codes that are being generated: each row a job, and how far it is.

The row is the queue. A worker claims it by its lock, skips what another has claimed, makes some
codes, and commits them with the row's progress; the lock goes with the commit, the rollback or the
worker. So there is no lease to expire, and nothing to repair after a kill.

Queues that others keep were looked at first. PgQueuer, the one on asyncpg, has tables keyed by an
id alone, which a database that is spread by merchant cannot have, keeps a connection listening in
every worker, which no pooler in transaction mode can, and takes a killed worker's job up only when
its heartbeat is missed. The progress has to be here in any case, and it is all that is needed.
"""

from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.code_pattern import CodePattern, Ending, Generation
from sconto.domain.numbers import MAX_INT64
from sconto.domain.people import Caller
from sconto.store.database import Connection

_COLUMNS: Final = """
    generation_id, promotion_id, prefix, group_count, group_length, alphabet,
    wanted, made, user_id, started_at, finished_at, ending
"""

_INSERT: Final = f"""
INSERT INTO code_generations (
    merchant_id, promotion_id, prefix, group_count, group_length, alphabet, wanted, user_id,
    started_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING {_COLUMNS}
"""  # noqa: S608  # of our own constants

_FIND: Final = f"""
SELECT {_COLUMNS} FROM code_generations WHERE merchant_id = $1 AND generation_id = $2
"""  # noqa: S608

_LIST: Final = f"""
SELECT {_COLUMNS} FROM code_generations
WHERE merchant_id = $1 AND promotion_id = $2
ORDER BY generation_id DESC
LIMIT $3
"""  # noqa: S608

_CLAIM: Final = f"{_FIND} AND finished_at IS NULL FOR UPDATE SKIP LOCKED"

# The one statement that asks for all merchants: it reads an index of open jobs, which is empty
# most of the time.
_LIST_OPEN: Final = """
SELECT merchant_id, generation_id FROM code_generations
WHERE finished_at IS NULL
ORDER BY merchant_id, generation_id
LIMIT $1
"""

_ADVANCE: Final = """
UPDATE code_generations SET made = made + $3, finished_at = $4, ending = $5
WHERE merchant_id = $1 AND generation_id = $2
"""


async def insert_generation(
    connection: Connection,
    caller: Caller,
    promotion_id: int,
    pattern: CodePattern,
    wanted: int,
    now: datetime,
) -> Generation:
    """The new job, of which nothing is made yet."""
    [row] = await connection.fetch(
        _INSERT,
        caller.merchant_id,
        promotion_id,
        pattern.prefix,
        pattern.group_count,
        pattern.group_length,
        pattern.alphabet,
        wanted,
        caller.user_id,
        now,
    )
    return _generation(row)


async def find_generation(
    connection: Connection, merchant_id: int, generation_id: int
) -> Generation | None:
    """The job, finished or not."""
    if generation_id > MAX_INT64:
        return None
    row = await connection.fetchrow(_FIND, merchant_id, generation_id)
    return None if row is None else _generation(row)


async def list_generations(
    connection: Connection, merchant_id: int, promotion_id: int, limit: int
) -> list[Generation]:
    """The promotion's latest jobs, finished or not."""
    rows = await connection.fetch(_LIST, merchant_id, promotion_id, limit)
    return [_generation(row) for row in rows]


async def list_open_generations(connection: Connection, limit: int) -> list[tuple[int, int]]:
    """Jobs of all merchants that are not finished: the merchant's id and the job's."""
    rows = await connection.fetch(_LIST_OPEN, limit)
    return [(row["merchant_id"], row["generation_id"]) for row in rows]


async def claim_generation(
    connection: Connection, merchant_id: int, generation_id: int
) -> Generation | None:
    """The job, this transaction's alone; None where it is finished, or another is at it."""
    row = await connection.fetchrow(_CLAIM, merchant_id, generation_id)
    return None if row is None else _generation(row)


async def advance_generation(
    connection: Connection,
    merchant_id: int,
    generation_id: int,
    made: int,
    finished_at: datetime | None,
    ending: Ending | None,
) -> None:
    """Count the codes that this transaction made, and say how the job ended if it did."""
    await connection.execute(_ADVANCE, merchant_id, generation_id, made, finished_at, ending)


def _generation(row: asyncpg.Record) -> Generation:
    return Generation(
        id=row["generation_id"],
        promotion_id=row["promotion_id"],
        pattern=CodePattern(
            row["prefix"], row["group_count"], row["group_length"], row["alphabet"]
        ),
        wanted=row["wanted"],
        made=row["made"],
        user_id=row["user_id"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        ending=None if row["ending"] is None else Ending(row["ending"]),
    )
