"""The audit log: all entries of the history, read from an index in order of time."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sconto.domain.audit_list import FIRST_TIME, LATEST, AuditQuery
from sconto.domain.history import Entry, Subject
from sconto.store.database import Connection
from sconto.store.history import entry_of

# Names are read only for the entries of the page.
_PAGE: Final = """
SELECT page.*,
    CASE subject
        WHEN 'promotion' THEN (
            SELECT name FROM promotions
            WHERE merchant_id = $1 AND promotion_id = page.subject_id
        )
        WHEN 'subscription promotion' THEN (
            SELECT name FROM subscription_promotions
            WHERE merchant_id = $1 AND promotion_id = page.subject_id
        )
        WHEN 'webhook' THEN (
            SELECT split_part(url, '?', 1) FROM webhooks
            WHERE merchant_id = $1 AND webhook_id = page.subject_id
        )
    END AS name,
    subject = 'promotion' AND EXISTS (
        SELECT FROM promotions
        WHERE merchant_id = $1 AND promotion_id = page.subject_id AND type = 'cart'
    ) AS is_cart
FROM (
    SELECT entry_id, recorded_at, username, subject, subject_id, verb, before, after
    FROM history
    WHERE merchant_id = $1 AND recorded_at >= $2 AND recorded_at < $3
        AND (recorded_at, entry_id) < ($4, $5)
        {conditions}
    ORDER BY recorded_at DESC, entry_id DESC
    LIMIT $6
) AS page
ORDER BY recorded_at DESC, entry_id DESC
"""

# These tables are not distributed, so they have a statement of their own.
_NAMES: Final = """
SELECT 'user' AS kind, user_id AS id, username AS name FROM users
WHERE merchant_id = $1 AND user_id = ANY ($2::bigint[])
UNION ALL
SELECT 'API key', key_id, name FROM api_keys
WHERE merchant_id = $1 AND key_id = ANY ($3::bigint[])
"""


async def list_entries(
    connection: Connection, merchant_id: int, query: AuditQuery
) -> list[tuple[Entry, str | None, bool]]:
    """The entries, latest first; each with its subject's name, and whether it is for carts."""
    statement, arguments = statement_for(merchant_id, query)
    rows = await connection.fetch(statement, *arguments)
    return [(entry_of(row), row["name"], row["is_cart"]) for row in rows]


def statement_for(merchant_id: int, query: AuditQuery) -> tuple[str, Sequence[object]]:
    """The statement with only the conditions of the query, so that each uses its index."""
    arguments: list[object] = [
        merchant_id,
        query.since or FIRST_TIME,
        query.until or LATEST.recorded_at,
        query.before.recorded_at,
        query.before.entry_id,
        query.limit,
    ]
    conditions = []
    if query.kind is not None:
        arguments.append(query.kind.value)
        conditions.append(f"AND subject = ${len(arguments)}")
    if query.person is not None and query.person.name is None:
        conditions.append("AND username IS NULL")
    elif query.person is not None:
        arguments.append(query.person.name)
        conditions.append(f"AND username = ${len(arguments)}")
    return _PAGE.format(conditions=" ".join(conditions)), arguments


async def find_names(
    connection: Connection, merchant_id: int, user_ids: Collection[int], key_ids: Collection[int]
) -> Mapping[tuple[Subject, int], str]:
    """The names of users and API keys, by kind and id."""
    rows = await connection.fetch(_NAMES, merchant_id, list(user_ids), list(key_ids))
    return {(Subject(row["kind"]), row["id"]): row["name"] for row in rows}
