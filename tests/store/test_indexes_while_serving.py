"""Indexes on large tables: built while orders are placed, once, and again after a killed build."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import psycopg
import pytest

from sconto.store import indexes_while_serving
from sconto.store.indexes_while_serving import INDEXES, build_missing
from sconto.store.migrate import migrate

VALID: Final = """
SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indisvalid AND relname = ANY (%s)
"""


def valid_indexes(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(VALID, (list(INDEXES),)).fetchall()
    return {row[0] for row in rows}


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_a_new_database_has_all_indexes_from_the_migration(
    create_database: Callable[[], str],
) -> None:
    assert valid_indexes(create_database()) == set(INDEXES)


@pytest.mark.oldest
def test_missing_and_broken_indexes_are_built_by_the_next_migration(
    create_database: Callable[[], str],
) -> None:
    url = create_database()
    dropped = ("orders_by_status", "orders_by_customer", "redemptions_by_code")
    execute(
        url,
        f"DROP INDEX {', '.join(dropped)}",
        "INSERT INTO merchants (name) VALUES ('one'), ('two')",
    )
    # A build that fails leaves what a killed one leaves: an index that is not valid.
    with pytest.raises(psycopg.errors.UniqueViolation):
        execute(url, "CREATE UNIQUE INDEX CONCURRENTLY orders_by_customer ON merchants ((1))")
    assert valid_indexes(url) == set(INDEXES) - set(dropped)
    with ThreadPoolExecutor(2) as people:
        for answer in [people.submit(migrate, url) for _ in range(2)]:
            answer.result()
    assert valid_indexes(url) == set(INDEXES)


def test_a_large_table_is_not_locked_by_the_migration(
    create_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The migration leaves the indexes to the build that follows it."""
    monkeypatch.setattr(indexes_while_serving, "SMALL_TABLE", 0)
    seen: list[set[str]] = []

    def build(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        seen.append(valid_indexes(url))
        build_missing(connection)

    monkeypatch.setattr("sconto.store.migrate.build_missing", build)
    url = create_database("template1")
    migrate(url)
    assert seen == [set()]
    assert valid_indexes(url) == set(INDEXES)
