"""Jobs that generate codes: each is a row, with its progress.

The row is the queue. A worker claims a job by locking its row, and skips rows that another worker
has locked. It generates some codes and commits them together with the job's progress. The lock ends
with the commit, the rollback or the worker. So no lease can expire, and a kill leaves nothing to
repair.

Existing queues were considered first. PgQueuer, the one on asyncpg, has tables keyed by an id
alone, which a database that is distributed by merchant cannot have. It keeps a listening connection
in every worker, which a pooler in transaction mode cannot offer. It resumes a killed worker's job
only when a heartbeat is missed. The progress must be stored here in any case, and nothing else is
needed.
"""

from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.code_pattern import CodePattern, Ending, Generation
from sconto.domain.numbers import MAX_INT64
from sconto.domain.people import Caller
from sconto.store.database import Connection
from sconto.store.polls import Poll

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

# This statement reads all merchants, by an index of open jobs, which is empty most of the time.
LIST_OPEN: Final = Poll("""
SELECT merchant_id, generation_id FROM code_generations
WHERE finished_at IS NULL
ORDER BY merchant_id, generation_id
LIMIT $1
""")

# The index of schema 0036 is empty unless a program older than it has generated codes.
LIST_UNNOTICED: Final = Poll("""
SELECT DISTINCT merchant_id FROM code_generations WHERE made <> noticed
ORDER BY merchant_id
LIMIT $1
""")

# The transaction updates the timelines of the codes that it made (`code_timelines`).
_ADVANCE: Final = """
UPDATE code_generations
SET made = made + $3, noticed = noticed + $3, finished_at = $4, ending = $5
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
    """Insert a job with no codes made yet."""
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
    rows = await LIST_OPEN.fetch(connection, limit)
    return [(row["merchant_id"], row["generation_id"]) for row in rows]


async def list_unnoticed(connection: Connection, limit: int) -> list[int]:
    """Merchants for whom a program older than schema 0036 has generated codes."""
    return [row["merchant_id"] for row in await LIST_UNNOTICED.fetch(connection, limit)]


async def claim_generation(
    connection: Connection, merchant_id: int, generation_id: int
) -> Generation | None:
    """Lock the job for this transaction; None if it is finished, or another worker has it."""
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
    """Count the codes that this transaction made; store the ending if the job has ended."""
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
