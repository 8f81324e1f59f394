"""Users as rows, and their e-mail addresses."""

from typing import Final

import asyncpg

from sconto.domain.people import Role, User
from sconto.domain.people_problems import EmailTaken
from sconto.store.database import Connection

COLUMNS: Final = """
SELECT user_id, username, merchants.name AS merchant, role, disabled, email,
    EXISTS (
        SELECT FROM password_links AS link
        WHERE link.merchant_id = users.merchant_id AND link.user_id = users.user_id
            AND purpose = 'invitation'
    ) AS invited,
    EXISTS (
        SELECT FROM second_factors AS factor
        WHERE factor.merchant_id = users.merchant_id AND factor.user_id = users.user_id
    ) AS two_factor
FROM users JOIN merchants USING (merchant_id)
"""
"""A link of an invitation stays, expired or not, until the user has a password."""

_LIST: Final = f"{COLUMNS} WHERE merchant_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3"

_FIND: Final = f"{COLUMNS} WHERE merchant_id = $1 AND user_id = $2"

_FIND_BY_EMAIL: Final = f"{COLUMNS} WHERE merchant_id = $1 AND email = $2"

# The index would refuse a taken address too, but write the address into the database's log.
_SET_EMAIL: Final = """
UPDATE users SET email = $3
WHERE merchant_id = $1 AND user_id = $2
    AND NOT EXISTS (SELECT FROM users WHERE merchant_id = $1 AND email = $3 AND user_id <> $2)
RETURNING user_id
"""


async def list_users(
    connection: Connection, merchant_id: int, after: int, limit: int
) -> list[User]:
    """Up to `limit` users of the merchant whose ids are above `after`, by id."""
    return [read_user(row) for row in await connection.fetch(_LIST, merchant_id, after, limit)]


async def find_user(connection: Connection, merchant_id: int, user_id: int) -> User | None:
    """The merchant's user of that id."""
    row = await connection.fetchrow(_FIND, merchant_id, user_id)
    return None if row is None else read_user(row)


async def find_user_by_email(connection: Connection, merchant_id: int, email: str) -> User | None:
    """The merchant's user who has the address."""
    row = await connection.fetchrow(_FIND_BY_EMAIL, merchant_id, email)
    return None if row is None else read_user(row)


async def set_email(
    connection: Connection, merchant_id: int, user_id: int, email: str | None
) -> None:
    """Give a user an address, or None. Raises EmailTaken."""
    try:
        done = await connection.fetchval(_SET_EMAIL, merchant_id, user_id, email)
    except asyncpg.UniqueViolationError:
        done = None
    if done is None:
        raise EmailTaken(email or "")


def read_user(row: asyncpg.Record) -> User:
    """The user of a row of `COLUMNS`."""
    return User(
        row["user_id"],
        row["username"],
        row["merchant"],
        Role(row["role"]),
        row["disabled"],
        row["email"],
        row["invited"],
        row["two_factor"],
    )
