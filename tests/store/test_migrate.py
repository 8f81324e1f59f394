"""Migrations: concurrent, repeated, to a newer schema, and killed half-way."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import psycopg
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.statistics import CodeUses
from sconto.operations.counters import fold
from sconto.store import schema
from sconto.store.database import Database, DatabaseUnavailable
from sconto.store.migrate import migrate, split_script
from sconto.store.schema import (
    SERVES_SINCE,
    MigrationFailed,
    SchemaMismatch,
    SchemaState,
    find_schema_state,
    known_versions,
    note_for,
    schema_state,
    version_for_us,
)
from tests import forks
from tests.builders import NOON
from tests.services import environment_of, wait_until
from tests.statistics import Statistics, find_statistics
from tests.store.older_schemas import execute, migrate_to, version

NEWEST = known_versions()[-1]


@pytest.fixture
def empty_database(create_database: Callable[[str], str]) -> str:
    """The address of a database with nothing in it."""
    return create_database("template1")


@pytest.fixture
def current_database(create_database: Callable[[], str]) -> str:
    """The address of a database with the newest schema."""
    return create_database()


@pytest.mark.oldest
def test_an_empty_database_gets_the_newest_schema_and_keeps_it(empty_database: str) -> None:
    assert find(empty_database) is SchemaState.OLDER
    migrate(empty_database)
    assert find(empty_database) is SchemaState.CURRENT
    before = tables(empty_database)
    assert "promotions" in before
    migrate(empty_database)
    assert tables(empty_database) == before


def test_concurrent_migrations_do_no_harm(empty_database: str) -> None:
    with ThreadPoolExecutor(4) as people:
        for answer in [people.submit(migrate, empty_database) for _ in range(4)]:
            answer.result()
    assert version(empty_database) == [(NEWEST,)]


def test_a_newer_schema_is_refused_and_unchanged(current_database: str) -> None:
    execute(current_database, "UPDATE alembic_version SET version_num = '9999'")
    before = tables(current_database)
    for refused in (migrate, find):
        with pytest.raises(SchemaMismatch) as refusal:
            refused(current_database)
        assert "9999" in str(refusal.value)
        assert NEWEST in str(refusal.value)
        assert "\n" not in str(refusal.value)
    assert tables(current_database) == before
    assert version(current_database) == [("9999",)]


def test_a_newer_schema_that_serves_this_program_is_accepted_and_unchanged(
    current_database: str,
) -> None:
    execute(current_database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaMismatch):
        find(current_database)  # the note is still that of the previous version
    note = note_for("9999", NEWEST)
    execute(current_database, f"COMMENT ON TABLE alembic_version IS '{note}'")
    assert find(current_database) is SchemaState.CURRENT
    migrate(current_database)
    assert version(current_database) == [("9999",)]
    note = note_for("9999", "9998")
    execute(current_database, f"COMMENT ON TABLE alembic_version IS '{note}'")
    with pytest.raises(SchemaMismatch):
        find(current_database)


def test_a_failed_step_leaves_the_database_unchanged(empty_database: str) -> None:
    execute(empty_database, "CREATE TABLE promotions (in_the_way boolean)")
    with pytest.raises(MigrationFailed, match="promotions"):
        migrate(empty_database)
    assert tables(empty_database) == ["promotions"]
    execute(empty_database, "DROP TABLE promotions")
    migrate(empty_database)
    assert version(empty_database) == [(NEWEST,)]


@pytest.mark.oldest
def test_migrated_codes_keep_their_counts(empty_database: str) -> None:
    migrate_to(empty_database, "0007")
    assert version(empty_database) == [("0007",)]
    for statement in FILLED_BEFORE_0008:
        execute(empty_database, statement)
    migrate(empty_database)

    async def counted() -> list[Statistics | None]:
        database = await Database.open(empty_database)
        try:
            async with database.read() as connection:
                before = await find_statistics(connection, 1, 1)
            await fold(database, NOON)
            async with database.read() as connection:
                return [before, await find_statistics(connection, 1, 1)]
        finally:
            await database.close()

    shown = [
        CodeUses(1, "once", CodeType.ONE_TIME, 3),
        CodeUses(1, "once", CodeType.REUSABLE, 5),
        CodeUses(2, "removed", CodeType.ONE_TIME, 4),
        CodeUses(4, "shared", CodeType.REUSABLE, 6),
        CodeUses(5, "unused", CodeType.ONE_TIME, 0),
    ]
    assert asyncio.run(counted()) == [Statistics(25, tuple(shown))] * 2


FILLED_BEFORE_0008: Final = (
    "INSERT INTO merchants (name) VALUES ('shop')",
    "INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, code_type,"
    " covers_all, percent, had_codes, created_at, updated_at)"
    " VALUES (1, 'coupon', 'Ten', 'ten', true, now(), 'one-time', true, 1, true, now(), now())",
    "INSERT INTO codes (merchant_id, promotion_id, code, code_key, position, removed_at)"
    " SELECT 1, 1, code, code, place, CASE WHEN code LIKE 'removed%' THEN now() END"
    " FROM unnest('{once,removed,removed unused,shared,unused}'::text[])"
    " WITH ORDINALITY AS new (code, place)",
    "INSERT INTO redemption_counts (merchant_id, promotion_id, code_id, code_type, applied,"
    " currency, day, slot, uses, discount) VALUES"
    " (1, 1, 0, 'none', true, 'EUR', '2026-05-01', 0, 7, 70),"
    " (1, 1, 1, 'one-time', true, 'EUR', '2026-05-01', 0, 1, 10),"
    " (1, 1, 1, 'one-time', false, 'EUR', '2026-01-01', 3, 2, 20),"
    " (1, 1, 1, 'reusable', true, 'EUR', '2026-05-01', 0, 5, 50),"
    " (1, 1, 2, 'one-time', true, 'JPY', '2026-01-01', 0, 4, 40),"
    " (1, 1, 4, 'reusable', true, 'EUR', '2026-05-01', 1, 6, 60)",
)


def test_a_migration_that_finds_a_table_in_use_tries_again(empty_database: str) -> None:
    with psycopg.connect(empty_database) as other, ThreadPoolExecutor(1) as person:
        other.execute("CREATE TABLE redemption_counts (half boolean)")
        answer = person.submit(migrate, empty_database)
        wait_for_a_waiting_migration(empty_database)
        wait_for_no_migration(empty_database)
        other.rollback()
        answer.result()
    assert version(empty_database) == [(NEWEST,)]


def test_a_killed_migration_leaves_the_database_unchanged(empty_database: str) -> None:
    # Another transaction has created the last table and is open, so the migration waits for it.
    with psycopg.connect(empty_database) as other:
        other.execute("CREATE TABLE redemption_counts (half boolean)")
        settings = environment_of({"SCONTO_DATABASE_URL": empty_database})
        with open(os.devnull, "wb") as nothing:
            victim = forks.start(["migrate"], settings, stdout=nothing)
        wait_for_a_waiting_migration(empty_database)
        victim.kill()
        victim.wait()
        other.rollback()
    wait_for_no_migration(empty_database)
    assert tables(empty_database) == []
    migrate(empty_database)
    assert version(empty_database) == [(NEWEST,)]


def test_a_database_that_cannot_be_reached_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable):
        migrate("postgresql://a:b@127.0.0.1:1/x")


def test_schema_versions_are_compared_with_the_newest_known() -> None:
    assert list(known_versions()) == sorted(known_versions())
    assert schema_state(None) is SchemaState.OLDER
    assert schema_state(NEWEST) is SchemaState.CURRENT
    assert schema_state("9999") is SchemaState.NEWER


def test_a_newer_schema_names_the_versions_that_it_serves() -> None:
    oldest, *_, newest = known_versions()
    assert SERVES_SINCE in known_versions()
    for since in (oldest, newest):
        note = note_for("9999", since)
        assert schema_state(version_for_us("9999", note)) is SchemaState.CURRENT
    for other in (None, "", note_for("9999", "9998"), note_for(newest, oldest)):
        assert schema_state(version_for_us("9999", other)) is SchemaState.NEWER
    known: list[str | None] = [oldest, None]
    assert [version_for_us(one, note_for(newest, oldest)) for one in known] == known


def test_the_file_of_a_migration_begins_with_its_version() -> None:
    for path in (schema.MIGRATIONS / "versions").glob("*.py"):
        assert f'\nrevision = "{path.name.partition("_")[0]}"\n' in path.read_text()


def find(url: str) -> SchemaState:
    return asyncio.run(find_schema_state(url))


def tables(url: str) -> list[object]:
    """The names of the tables, in order."""
    found = execute(
        url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    )
    return [name for (name,) in found]


_MIGRATIONS = (
    "SELECT wait_event_type FROM pg_stat_activity"
    " WHERE application_name = 'sconto migrate' AND datname = current_database()"
)


def wait_for_a_waiting_migration(url: str) -> None:
    wait_until(lambda: execute(url, _MIGRATIONS) == [("Lock",)])


def wait_for_no_migration(url: str) -> None:
    wait_until(lambda: execute(url, _MIGRATIONS) == [])


def test_a_script_is_split_between_its_statements() -> None:
    script = """
    -- A comment; with a semicolon.
    CREATE TABLE one (name text DEFAULT 'a;b''c;', "odd;name" text);
    CREATE FUNCTION two() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN RETURN NEW; END
    $body$;
    SELECT 1; -- the end;
    """
    parts = [" ".join(part.split()) for part in split_script(script)]
    assert parts == [
        "-- A comment; with a semicolon. CREATE TABLE one (name text DEFAULT 'a;b''c;', "
        '"odd;name" text)',
        "CREATE FUNCTION two() RETURNS trigger LANGUAGE plpgsql AS $body$ "
        "BEGIN RETURN NEW; END $body$",
        "SELECT 1",
    ]
