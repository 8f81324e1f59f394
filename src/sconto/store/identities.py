"""The identities of users at OpenID Connect providers, as rows."""

from typing import Final

from sconto.store.database import Connection

_FIND: Final = """
SELECT user_id FROM user_identities WHERE merchant_id = $1 AND issuer = $2 AND subject = $3
"""

_INSERT: Final = """
INSERT INTO user_identities (merchant_id, issuer, subject, user_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (merchant_id, issuer, subject) DO NOTHING RETURNING true
"""


async def find_identity(
    connection: Connection, merchant_id: int, issuer: str, subject: str
) -> int | None:
    """The id of the user who is this subject at the issuer."""
    user_id: int | None = await connection.fetchval(_FIND, merchant_id, issuer, subject)
    return user_id


async def insert_identity(
    connection: Connection, merchant_id: int, issuer: str, subject: str, user_id: int
) -> bool:
    """Whether the subject now belongs to the user; False if another sign-in was faster."""
    inserted = await connection.fetchval(_INSERT, merchant_id, issuer, subject, user_id)
    return inserted is not None
