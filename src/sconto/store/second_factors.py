"""Second factors as rows: encrypted secrets, the step of the last code, and recovery codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sconto.store.database import Connection

_INSERT: Final = """
INSERT INTO second_factors (merchant_id, user_id, secret, key_id, created_at, last_step)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (merchant_id, user_id) DO NOTHING
RETURNING true
"""

_FIND: Final = """
SELECT secret, key_id, created_at,
    (
        SELECT count(*) FROM recovery_codes AS code
        WHERE code.merchant_id = $1 AND code.user_id = $2 AND used_at IS NULL
    ) AS unused_codes
FROM second_factors
WHERE merchant_id = $1 AND user_id = $2
"""

# Of any number of concurrent uses of a code, one finds an earlier step and writes this one.
_USE_STEP: Final = """
UPDATE second_factors SET last_step = $3
WHERE merchant_id = $1 AND user_id = $2 AND last_step < $3
RETURNING true
"""

_USE_CODE: Final = """
UPDATE recovery_codes SET used_at = $4
WHERE merchant_id = $1 AND user_id = $2 AND code_hash = $3 AND used_at IS NULL
RETURNING true
"""

_DELETE: Final = """
DELETE FROM second_factors WHERE merchant_id = $1 AND user_id = $2 RETURNING true
"""

_DELETE_CODES: Final = "DELETE FROM recovery_codes WHERE merchant_id = $1 AND user_id = $2"

_INSERT_CODES: Final = """
INSERT INTO recovery_codes (merchant_id, user_id, code_hash)
SELECT $1, $2, hash FROM unnest($3::bytea[]) AS hash
"""

_LIST_OF_KEYS: Final = """
SELECT merchant_id, user_id, secret, key_id FROM second_factors
WHERE key_id = ANY ($1::bytea[])
ORDER BY merchant_id, user_id
LIMIT $2
"""

_REPLACE: Final = """
UPDATE second_factors SET secret = $3, key_id = $4
WHERE merchant_id = $1 AND user_id = $2 AND secret = $5
"""


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """The second factor of a person; the secret is encrypted with the key of that id."""

    secret: bytes
    key_id: bytes
    created_at: datetime
    unused_codes: int


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """Whose secret it is, and how it is encrypted."""

    merchant_id: int
    user_id: int
    secret: bytes
    key_id: bytes


async def insert_factor(
    connection: Connection, sealed: SealedSecret, created_at: datetime, last_step: int
) -> bool:
    """Store a second factor; False if the person has one."""
    return bool(
        await connection.fetchval(
            _INSERT,
            sealed.merchant_id,
            sealed.user_id,
            sealed.secret,
            sealed.key_id,
            created_at,
            last_step,
        )
    )


async def find_factor(
    connection: Connection, merchant_id: int, user_id: int
) -> SecondFactor | None:
    """The person's second factor; None without one."""
    row = await connection.fetchrow(_FIND, merchant_id, user_id)
    return None if row is None else SecondFactor(*row)


async def use_step(connection: Connection, merchant_id: int, user_id: int, step: int) -> bool:
    """Use up the code of a step; False if it or a later one was used."""
    return bool(await connection.fetchval(_USE_STEP, merchant_id, user_id, step))


async def use_recovery_code(
    connection: Connection, merchant_id: int, user_id: int, code_hash: bytes, now: datetime
) -> bool:
    """Use up a recovery code; False if it was used, or is not the person's."""
    return bool(await connection.fetchval(_USE_CODE, merchant_id, user_id, code_hash, now))


async def delete_factor(connection: Connection, merchant_id: int, user_id: int) -> bool:
    """Remove the second factor with its recovery codes; False if there was none."""
    await connection.execute(_DELETE_CODES, merchant_id, user_id)
    return bool(await connection.fetchval(_DELETE, merchant_id, user_id))


async def replace_recovery_codes(
    connection: Connection, merchant_id: int, user_id: int, hashes: Sequence[bytes]
) -> None:
    """Remove the person's recovery codes and store others."""
    await connection.execute(_DELETE_CODES, merchant_id, user_id)
    await connection.execute(_INSERT_CODES, merchant_id, user_id, hashes)


async def list_secrets_of(
    connection: Connection, key_ids: Sequence[bytes], limit: int
) -> list[SealedSecret]:
    """Some secrets that are encrypted with one of these keys."""
    rows = await connection.fetch(_LIST_OF_KEYS, key_ids, limit)
    return [SealedSecret(*row) for row in rows]


async def replace_secret(connection: Connection, old: SealedSecret, new: SealedSecret) -> None:
    """Store the secret encrypted with another key, unless it was changed meanwhile."""
    await connection.execute(
        _REPLACE, new.merchant_id, new.user_id, new.secret, new.key_id, old.secret
    )
