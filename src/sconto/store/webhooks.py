"""Webhooks: where a merchant's events are sent, with their secrets and their failures."""

from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.webhooks import DisabledBecause, NewWebhook, Webhook
from sconto.store.database import Connection
from sconto.store.period_sql import LATER

_COLUMNS: Final = """webhook_id, url, description, types, enabled, disabled_because, failing_since,
       previous_until, created_at, updated_at"""

_INSERT: Final = f"""
INSERT INTO webhooks (merchant_id, url, description, types, enabled, secret, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
RETURNING {_COLUMNS}
"""  # noqa: S608  # of our own constants

_COUNT: Final = """
SELECT count(*) AS all, count(*) FILTER (WHERE enabled) AS enabled
FROM webhooks
WHERE merchant_id = $1
"""

_LIST: Final = f"""
SELECT {_COLUMNS} FROM webhooks WHERE merchant_id = $1 ORDER BY webhook_id
"""  # noqa: S608

_FIND: Final = f"""
SELECT {_COLUMNS} FROM webhooks WHERE merchant_id = $1 AND webhook_id = $2
"""  # noqa: S608

_LOCK: Final = f"{_FIND} FOR NO KEY UPDATE"

# A webhook that is enabled again starts without failures.
_UPDATE: Final = f"""
UPDATE webhooks
SET url = $3, description = $4, types = $5, enabled = $6,
    updated_at = greatest($7, {LATER}),
    disabled_because = CASE WHEN $6 THEN NULL ELSE disabled_because END,
    failures = CASE WHEN $6 AND NOT enabled OR url <> $3 THEN 0 ELSE failures END,
    failing_since = CASE WHEN $6 AND NOT enabled OR url <> $3 THEN NULL ELSE failing_since END,
    paused_until = CASE WHEN $6 AND NOT enabled OR url <> $3 THEN NULL ELSE paused_until END
WHERE merchant_id = $1 AND webhook_id = $2 AND ($8::timestamptz IS NULL OR updated_at = $8)
RETURNING {_COLUMNS}
"""  # noqa: S608

_DELETE: Final = "DELETE FROM webhooks WHERE merchant_id = $1 AND webhook_id = $2 RETURNING true"

_ROTATE: Final = f"""
UPDATE webhooks
SET secret = $3, previous_secret = CASE WHEN $4::timestamptz IS NOT NULL THEN secret END,
    previous_until = $4, updated_at = $5
WHERE merchant_id = $1 AND webhook_id = $2
RETURNING {_COLUMNS}
"""  # noqa: S608

_SUCCEED: Final = """
WITH before AS MATERIALIZED (
    SELECT paused_until
    FROM webhooks
    WHERE merchant_id = $1 AND webhook_id = $2 AND failures > 0
    FOR NO KEY UPDATE
)
UPDATE webhooks SET failures = 0, failing_since = NULL, paused_until = NULL
FROM before
WHERE merchant_id = $1 AND webhook_id = $2
RETURNING before.paused_until IS NOT NULL
"""

_FAIL: Final = """
UPDATE webhooks
SET failures = failures + 1, failing_since = coalesce(failing_since, $3)
WHERE merchant_id = $1 AND webhook_id = $2
RETURNING failures, failing_since
"""

_PAUSE: Final = """
UPDATE webhooks SET paused_until = $3 WHERE merchant_id = $1 AND webhook_id = $2
"""

_DISABLE: Final = """
UPDATE webhooks SET enabled = false, disabled_because = $3, updated_at = $4
WHERE merchant_id = $1 AND webhook_id = $2 AND enabled
RETURNING true
"""


async def insert_webhook(
    connection: Connection, merchant_id: int, new: NewWebhook, secret: str, now: datetime
) -> Webhook:
    """Create the webhook."""
    row = await connection.fetchrow(
        _INSERT, merchant_id, new.url, new.description, new.types, new.enabled, secret, now
    )
    assert row is not None  # noqa: S101 - a row is asked for
    return _webhook(row)


async def count_webhooks(connection: Connection, merchant_id: int) -> int:
    """How many webhooks the merchant has."""
    count: int = await connection.fetchval(_COUNT, merchant_id)
    return count


async def count_enabled(connection: Connection, merchant_id: int) -> int:
    """How many of the merchant's webhooks are enabled."""
    count: int = await connection.fetchval(_COUNT, merchant_id, column=1)
    return count


async def list_webhooks(connection: Connection, merchant_id: int) -> list[Webhook]:
    """All webhooks of the merchant, in the order of their creation."""
    return [_webhook(row) for row in await connection.fetch(_LIST, merchant_id)]


async def find_webhook(connection: Connection, merchant_id: int, webhook_id: int) -> Webhook | None:
    """The merchant's webhook; None if there is none."""
    row = await connection.fetchrow(_FIND, merchant_id, webhook_id)
    return None if row is None else _webhook(row)


async def lock_webhook(connection: Connection, merchant_id: int, webhook_id: int) -> Webhook | None:
    """The merchant's webhook, locked for this transaction."""
    row = await connection.fetchrow(_LOCK, merchant_id, webhook_id)
    return None if row is None else _webhook(row)


async def update_webhook(
    connection: Connection,
    merchant_id: int,
    webhook_id: int,
    after: NewWebhook,
    now: datetime,
    version: datetime | None,
) -> Webhook | None:
    """Change a webhook that this transaction has locked.

    With a `version`, only if that is its last change: otherwise None.
    """
    row = await connection.fetchrow(
        _UPDATE,
        merchant_id,
        webhook_id,
        after.url,
        after.description,
        after.types,
        after.enabled,
        now,
        version,
    )
    return None if row is None else _webhook(row)


async def delete_webhook(connection: Connection, merchant_id: int, webhook_id: int) -> bool:
    """Delete the webhook; False if there is none. Its deliveries are removed later."""
    return bool(await connection.fetchval(_DELETE, merchant_id, webhook_id))


async def rotate_secret(
    connection: Connection,
    merchant_id: int,
    webhook_id: int,
    secret: str,
    previous_until: datetime | None,
    now: datetime,
) -> Webhook | None:
    """Give the webhook another secret.

    The previous one stays valid until that time, if there is one. None if there is no such webhook.
    """
    row = await connection.fetchrow(_ROTATE, merchant_id, webhook_id, secret, previous_until, now)
    return None if row is None else _webhook(row)


async def count_success(connection: Connection, merchant_id: int, webhook_id: int) -> bool:
    """Clear the webhook's failures; returns whether it had so many that it was paused."""
    return bool(await connection.fetchval(_SUCCEED, merchant_id, webhook_id))


async def count_failure(
    connection: Connection, merchant_id: int, webhook_id: int, now: datetime
) -> tuple[int, datetime | None]:
    """Count a failed attempt; returns how many there are in a row, and since when."""
    row = await connection.fetchrow(_FAIL, merchant_id, webhook_id, now)
    return (0, None) if row is None else (row["failures"], row["failing_since"])


async def pause(connection: Connection, merchant_id: int, webhook_id: int, until: datetime) -> None:
    """Send the webhook nothing until a time."""
    await connection.execute(_PAUSE, merchant_id, webhook_id, until)


async def disable(
    connection: Connection,
    merchant_id: int,
    webhook_id: int,
    because: DisabledBecause,
    now: datetime,
) -> bool:
    """Disable the webhook; False if it was already disabled."""
    return bool(await connection.fetchval(_DISABLE, merchant_id, webhook_id, because, now))


def _webhook(row: asyncpg.Record) -> Webhook:
    because = row["disabled_because"]
    return Webhook(
        row["webhook_id"],
        row["url"],
        row["description"],
        tuple(row["types"]),
        row["enabled"],
        None if because is None else DisabledBecause(because),
        row["failing_since"],
        row["previous_until"],
        row["created_at"],
        row["updated_at"],
    )
