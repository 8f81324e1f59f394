"""Links that set passwords, as rows: one open link for each user."""

from datetime import datetime
from typing import Final

from sconto.domain.password_links import LinkPurpose, LinkToken, OpenLink
from sconto.domain.people import Caller, Role
from sconto.store.database import Connection

# A user who never set a password stays invited.
_PUT: Final = """
INSERT INTO password_links AS link (merchant_id, user_id, token_hash, purpose, expires_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (merchant_id, user_id) DO UPDATE SET
    token_hash = excluded.token_hash, purpose = excluded.purpose, expires_at = excluded.expires_at
"""

_FIND_OPEN: Final = """
SELECT username, name AS merchant, purpose
FROM password_links JOIN users USING (merchant_id, user_id) JOIN merchants USING (merchant_id)
WHERE merchant_id = $1 AND user_id = $2 AND token_hash = $3 AND expires_at > $4 AND NOT disabled
"""

# Only one of many concurrent uses deletes the row.
_USE: Final = """
DELETE FROM password_links USING users
WHERE password_links.merchant_id = $1 AND password_links.user_id = $2
    AND token_hash = $3 AND expires_at > $4
    AND users.merchant_id = $1 AND users.user_id = $2 AND NOT disabled
RETURNING role
"""

_END: Final = "DELETE FROM password_links WHERE merchant_id = $1 AND user_id = $2"

_EXPIRE: Final = """
UPDATE password_links SET expires_at = '-infinity' WHERE merchant_id = $1 AND user_id = $2
"""


async def put_link(
    connection: Connection, token: LinkToken, purpose: LinkPurpose, expires_at: datetime
) -> None:
    """Store the one link of a user; an earlier one no longer works."""
    await connection.execute(
        _PUT, token.merchant_id, token.user_id, token.hash, purpose.value, expires_at
    )


async def find_open_link(
    connection: Connection, token: LinkToken, now: datetime
) -> OpenLink | None:
    """What the link of this token is for; None if it is not valid."""
    row = await connection.fetchrow(_FIND_OPEN, token.merchant_id, token.user_id, token.hash, now)
    if row is None:
        return None
    return OpenLink(row["username"], row["merchant"], LinkPurpose(row["purpose"]))


async def use_link(connection: Connection, token: LinkToken, now: datetime) -> Caller | None:
    """Use up the link, and return its user; None if it is not valid, or was used meanwhile."""
    role = await connection.fetchval(_USE, token.merchant_id, token.user_id, token.hash, now)
    return None if role is None else Caller(token.merchant_id, token.user_id, Role(role))


async def end_link(connection: Connection, merchant_id: int, user_id: int) -> None:
    """Remove the user's link, because they can sign in without it."""
    await connection.execute(_END, merchant_id, user_id)


async def expire_link(connection: Connection, merchant_id: int, user_id: int) -> None:
    """End the user's link; a user who never set a password stays invited."""
    await connection.execute(_EXPIRE, merchant_id, user_id)
