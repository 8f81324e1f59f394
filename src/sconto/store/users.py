"""The users of one merchant, as rows."""

from typing import Final

import asyncpg

from sconto.domain.people import Role, User
from sconto.store.database import Connection

_COLUMNS: Final = """
SELECT user_id, username, merchants.name AS merchant, role, disabled
FROM users JOIN merchants USING (merchant_id)
WHERE merchant_id = $1
"""

_LIST: Final = f"{_COLUMNS} AND user_id > $2 ORDER BY user_id LIMIT $3"

_FIND: Final = f"{_COLUMNS} AND user_id = $2"


async def list_users(
    connection: Connection, merchant_id: int, after: int, limit: int
) -> list[User]:
    """Up to `limit` users of the merchant whose ids are above `after`, by id."""
    return [_user(row) for row in await connection.fetch(_LIST, merchant_id, after, limit)]


async def find_user(connection: Connection, merchant_id: int, user_id: int) -> User | None:
    """The merchant's user of that id."""
    row = await connection.fetchrow(_FIND, merchant_id, user_id)
    return None if row is None else _user(row)


def _user(row: asyncpg.Record) -> User:
    return User(
        row["user_id"], row["username"], row["merchant"], Role(row["role"]), row["disabled"]
    )
