"""Indexes on large tables: built while orders are placed, once, and again after a killed build."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import psycopg
import pytest

from sconto.store import indexes_while_serving
from sconto.store.indexes_while_serving import INDEXES, SUPERSEDED, build_missing
from sconto.store.migrate import migrate

VALID: Final = """
SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indisvalid AND relname = ANY (%s)
"""


def valid_indexes(url: str, names: Iterable[str] = INDEXES) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(VALID, (list(names),)).fetchall()
    return {row[0] for row in rows}


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def exists(connection: "psycopg.Connection[tuple[object, ...]]", name: str) -> bool:
    return connection.execute("SELECT to_regclass(%s)", (name,)).fetchone() != (None,)


def test_a_new_database_has_all_indexes_from_the_migration(
    create_database: Callable[[], str],
) -> None:
    url = create_database()
    assert valid_indexes(url) == set(INDEXES)
    assert valid_indexes(url, SUPERSEDED) == set()


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
    # A failed build leaves the same as a killed one: an index that is not valid.
    with pytest.raises(psycopg.errors.UniqueViolation):
        execute(url, "CREATE UNIQUE INDEX CONCURRENTLY orders_by_customer ON merchants ((1))")
    assert valid_indexes(url) == set(INDEXES) - set(dropped)
    with ThreadPoolExecutor(2) as people:
        for answer in [people.submit(migrate, url) for _ in range(2)]:
            answer.result()
    assert valid_indexes(url) == set(INDEXES)


def test_a_superseded_index_is_dropped_once_nothing_uses_its_table(
    create_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes_while_serving, "_LOCK_MILLISECONDS", 1)
    url = create_database()
    execute(url, "CREATE INDEX orders_of_customer ON orders (merchant_id, customer_id)")
    with (
        psycopg.connect(url) as reader,
        psycopg.connect(url, autocommit=True) as builder,
    ):
        reader.execute("SELECT FROM orders")
        build_missing(builder)
        assert exists(builder, "orders_of_customer")
        reader.rollback()
        build_missing(builder)
        assert not exists(builder, "orders_of_customer")


def test_a_superseded_index_stays_until_the_migration_after_the_one_that_builds_the_newer(
    create_database: Callable[[], str],
) -> None:
    url = create_database()
    execute(url, "DROP INDEX codes_by_pair", "CREATE INDEX codes_by_part ON codes (merchant_id)")
    with psycopg.connect(url, autocommit=True) as builder:
        build_missing(builder)
        assert valid_indexes(url, SUPERSEDED.values()) == set(SUPERSEDED.values())
        assert exists(builder, "codes_by_part")
        build_missing(builder)
        assert not exists(builder, "codes_by_part")


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
