"""Merchants and users, as rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.people import Caller, Merchant, Role, User
from sconto.domain.sign_in import (
    ADDRESS_KNOWN_FOR,
    EXEMPT_AFTER_CHANGE,
    MAX_USERS_TRIED,
    TypedName,
)
from sconto.store.database import Connection
from sconto.store.users import COLUMNS, read_user

_INSERT_MERCHANT: Final = """
INSERT INTO merchants (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING merchant_id
"""

_FIND_MERCHANT: Final = "SELECT merchant_id FROM merchants WHERE name = $1"

_LIST_MERCHANTS: Final = "SELECT merchant_id, name FROM merchants ORDER BY merchant_id"

_INSERT_USER: Final = """
INSERT INTO users (merchant_id, username, role, password_hash) VALUES ($1, $2, $3, $4)
ON CONFLICT (username, merchant_id) DO NOTHING RETURNING user_id
"""

_LIST_USERS: Final = f"{COLUMNS} ORDER BY user_id"

# $1: the typed name; $2, $3: the merchant and the user name, if it has both; $4: the place; $5: the
# time since which a place is known; $6: the time since which a change exempts from limits.
_FIND_CANDIDATES: Final = """
SELECT merchant_id, user_id, username, role, disabled, changed_at, password_hash, epoch,
    EXISTS (
        SELECT FROM second_factors AS factor
        WHERE factor.merchant_id = users.merchant_id AND factor.user_id = users.user_id
    ) AS two_factor,
    changed_at > created_at AND changed_at > $6 AS changed_lately,
    EXISTS (
        SELECT FROM known_places AS known
        WHERE known.merchant_id = users.merchant_id AND known.user_id = users.user_id
            AND place = $4 AND seen_at > $5
    ) AS known_here
FROM users, token_epoch
WHERE username = $1
    OR username = $3 AND merchant_id = (SELECT merchant_id FROM merchants WHERE name = $2)
ORDER BY known_here DESC, changed_lately DESC, user_id
LIMIT $7
"""

_FIND_NAMED: Final = """
SELECT user_id FROM users
WHERE username = $1 AND ($2::bigint IS NULL OR merchant_id = $2)
LIMIT 2
"""

_FIND_HASH: Final = """
SELECT password_hash FROM users WHERE merchant_id = $1 AND user_id = $2
"""

_FIND_STATE: Final = """
SELECT merchant_id, user_id, role, disabled, changed_at FROM users WHERE user_id = $1
"""

_CLOCK: Final = "SELECT clock_timestamp()"

# Each change of a user has a later time than the one before, whatever the clock does, because
# tokens are compared with it.
_CHANGE: Final = """
UPDATE users SET
    role = coalesce($2, users.role),
    disabled = coalesce($3, users.disabled),
    password_hash = coalesce($4, password_hash),
    changed_at = greatest($5, changed_at + interval '1 microsecond')
FROM (
    SELECT user_id, role, disabled FROM users WHERE user_id = $1 FOR NO KEY UPDATE
) AS old
WHERE users.user_id = old.user_id
RETURNING users.merchant_id, users.user_id, users.role, users.disabled, users.changed_at,
    old.role AS old_role, old.disabled AS old_disabled
"""

_CHANGED: Final = """
SELECT merchant_id, user_id, role, disabled, changed_at FROM users
WHERE changed_at > now() - interval '25 hours' AND changed_at > created_at
"""


@dataclass(frozen=True, slots=True)
class UserState:
    """What a user may do, since `changed_at`."""

    caller: Caller
    disabled: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class UserChange:
    """A user before and after a change."""

    before: UserState
    after: UserState


@dataclass(frozen=True, slots=True)
class PossibleUser:
    """A user whom a sign-in may mean, and what the sign-in is checked against.

    `known_here` says that they signed in from that place recently, `changed_lately` that somebody
    changed them. `epoch` is the number that tokens carry. With `two_factor` the password alone is
    not enough.
    """

    state: UserState
    username: str
    password_hash: str
    known_here: bool
    changed_lately: bool
    two_factor: bool
    epoch: int

    @property
    def user_id(self) -> int:
        """The user's id."""
        return self.state.caller.user_id


async def insert_merchant(connection: Connection, name: str) -> int | None:
    """The new merchant's id; None if the name is taken."""
    merchant_id: int | None = await connection.fetchval(_INSERT_MERCHANT, name)
    return merchant_id


async def find_merchant(connection: Connection, name: str) -> int | None:
    """The id of the merchant of that name."""
    merchant_id: int | None = await connection.fetchval(_FIND_MERCHANT, name)
    return merchant_id


async def list_merchants(connection: Connection) -> list[Merchant]:
    """All merchants, in the order of their creation."""
    rows = await connection.fetch(_LIST_MERCHANTS)
    return [Merchant(row["merchant_id"], row["name"]) for row in rows]


async def insert_user(
    connection: Connection, merchant_id: int, username: str, role: Role, password_hash: str
) -> int | None:
    """The new user's id; None if the name is taken."""
    user_id: int | None = await connection.fetchval(
        _INSERT_USER, merchant_id, username, role, password_hash
    )
    return user_id


async def list_users(connection: Connection) -> list[User]:
    """All users, in the order of their creation."""
    return [read_user(row) for row in await connection.fetch(_LIST_USERS)]


async def find_possible_users(
    connection: Connection, name: TypedName, place: bytes, now: datetime
) -> list[PossibleUser]:
    """The users whom the name may mean: those known at the place first, then the oldest."""
    rows = await connection.fetch(
        _FIND_CANDIDATES,
        name.text,
        name.merchant,
        name.username,
        place,
        now - ADDRESS_KNOWN_FOR,
        now - EXEMPT_AFTER_CHANGE,
        MAX_USERS_TRIED,
    )
    return [
        PossibleUser(
            _state(row),
            row["username"],
            row["password_hash"],
            row["known_here"],
            row["changed_lately"],
            row["two_factor"],
            row["epoch"],
        )
        for row in rows
    ]


async def find_named(connection: Connection, username: str, merchant_id: int | None) -> list[int]:
    """The ids of up to two users of that name, of one merchant or of all."""
    rows = await connection.fetch(_FIND_NAMED, username, merchant_id)
    return [row["user_id"] for row in rows]


async def find_password_hash(connection: Connection, merchant_id: int, user_id: int) -> str | None:
    """The hash of the user's password; None if there is no such user."""
    found: str | None = await connection.fetchval(_FIND_HASH, merchant_id, user_id)
    return found


async def find_state(connection: Connection, user_id: int) -> UserState | None:
    """What the user may do, and since when; None if there is no such user."""
    row = await connection.fetchrow(_FIND_STATE, user_id)
    return None if row is None else _state(row)


async def change_user(
    connection: Connection,
    user_id: int,
    *,
    role: Role | None = None,
    disabled: bool | None = None,
    password_hash: str | None = None,
) -> UserChange | None:
    """Change what is not None; returns None if nobody has that id.

    Every change ends the tokens that were issued before it, even if it changes no value.
    """
    now = await connection.fetchval(_CLOCK)
    row = await connection.fetchrow(_CHANGE, user_id, role, disabled, password_hash, now)
    if row is None:
        return None
    after = _state(row)
    old = Caller(after.caller.merchant_id, after.caller.user_id, Role(row["old_role"]))
    return UserChange(UserState(old, row["old_disabled"], after.changed_at), after)


async def list_changed_users(connection: Connection) -> list[UserState]:
    """The users changed since the oldest token that may still be valid was issued."""
    return [_state(row) for row in await connection.fetch(_CHANGED)]


def _state(row: asyncpg.Record) -> UserState:
    caller = Caller(row["merchant_id"], row["user_id"], Role(row["role"]))
    return UserState(caller, row["disabled"], row["changed_at"])
