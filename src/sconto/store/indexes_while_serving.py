"""Indexes on large tables, built while Sconto serves.

`CREATE INDEX` keeps a table from being written for as long as it takes: seconds for each ten
million rows. So a migration creates an index only if its table is small. On a large one the index
is built after the migration, without a lock that orders wait for (`CREATE INDEX CONCURRENTLY`),
which cannot be part of a transaction. Until then everything works, but slower.

A build that is killed leaves an index that is not valid. The next migration drops it and builds it
again. An index that a newer one replaces is dropped by the first migration that finds the newer
one: until then the previous version may use it.
"""

import random
import time
from collections.abc import Mapping
from typing import Final

import psycopg

from sconto.store.revealed import AUTOMATIC_INDEXES
from sconto.store.search_indexes import SEARCH_INDEXES

LIST_INDEXES: Final[Mapping[str, str]] = {
    "orders_by_status": "orders (merchant_id, status, created_at, order_id)",
    "orders_by_customer": (
        "orders (merchant_id, customer_id, created_at, order_id) WHERE customer_id IS NOT NULL"
    ),
    "redemptions_by_promotion": (
        "redemptions (merchant_id, promotion_id, placed_at, order_id) WHERE placed_at IS NOT NULL"
    ),
    "redemptions_by_code": (
        "redemptions (merchant_id, code_id, placed_at, order_id)"
        " WHERE placed_at IS NOT NULL AND code_id <> 0"
    ),
}
"""The indexes of schema 0020, for lists of orders."""

COUNT_INDEXES: Final[Mapping[str, str]] = {
    "orders_not_counted": "orders (merchant_id, created_at) WHERE NOT is_counted",
}
"""The index of schema 0022, for orders that the previous version placed."""

AUDIT_INDEXES: Final[Mapping[str, str]] = {
    "history_by_kind_and_time": "history (merchant_id, subject, recorded_at)",
    "history_by_person_and_time": "history (merchant_id, username, recorded_at)",
    "history_by_person_and_kind": "history (merchant_id, username, subject, recorded_at)",
}
"""The indexes of schema 0024, for the audit log."""

INDEXES: Final[Mapping[str, str]] = {
    **LIST_INDEXES,
    **COUNT_INDEXES,
    **SEARCH_INDEXES,
    **AUDIT_INDEXES,
    **AUTOMATIC_INDEXES,
}
"""All indexes that are built while Sconto serves."""

SUPERSEDED: Final[Mapping[str, str]] = {
    "orders_of_customer": "orders_by_customer",
    "codes_by_part": "codes_by_pair",
}
"""Superseded indexes, each with the newer one: each order or each new code wrote them too."""

SMALL_TABLE: Final = 64 * 1024 * 1024
"""Bytes that are read in well under a second."""

_PAUSE: Final = 0.2
"""Seconds between two checks of an index that another process builds."""

_LOCK_MILLISECONDS: Final = 1000
"""How long dropping an index waits for other users of its table. No order waits for that."""

_FIND: Final = """
SELECT indisvalid, EXISTS (
    SELECT FROM pg_stat_progress_create_index WHERE index_relid = indexrelid
)
FROM pg_index
WHERE indexrelid = to_regclass(%s)
"""


def create_statement(name: str, *, concurrently: bool = False) -> str:
    """The statement that creates the index if it does not exist."""
    way = "CONCURRENTLY " if concurrently else ""
    return f"CREATE INDEX {way}IF NOT EXISTS {name} ON {INDEXES[name]}"


def table_of(name: str) -> str:
    """The table that the index is on."""
    return INDEXES[name].partition(" ")[0]


def build_missing(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Build each index that is missing or not valid, and drop those that are superseded.

    The connection is in autocommit mode. Waits for an index that another process is building. If
    two processes begin at the same moment, each waits for the other; PostgreSQL cancels one, which
    tries again.
    """
    superseded = [
        name
        for name, successor in SUPERSEDED.items()
        if connection.execute(_FIND, (successor,)).fetchone() == (True, False)
    ]
    for name in INDEXES:
        while (found := connection.execute(_FIND, (name,)).fetchone()) is None or not found[0]:
            try:
                if found is None:
                    _build(connection, name)
                elif found[1]:
                    time.sleep(_PAUSE)
                else:
                    connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}".encode())
            except psycopg.errors.DeadlockDetected:
                time.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - so that they do not meet again
    for name in superseded:
        if connection.execute(_FIND, (name,)).fetchone():
            _drop(connection, name)


def _build(connection: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    # A build may take longer than any other statement.
    connection.execute("SET statement_timeout = 0")
    try:
        connection.execute(create_statement(name, concurrently=True).encode())
    except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable):
        pass  # another process began at the same moment
    finally:
        connection.execute("RESET statement_timeout")


def _drop(connection: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    """Drop an index, unless something uses its table for long. Then the next migration drops it."""
    connection.execute(f"SET lock_timeout = {_LOCK_MILLISECONDS}".encode())
    try:
        connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}".encode())
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        pass
    finally:
        connection.execute("RESET lock_timeout")
