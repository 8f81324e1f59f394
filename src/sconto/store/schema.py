"""Schema versions: the one a database has, and the ones this program works with."""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import asyncpg

from sconto.store.database import Connection, Database

MIGRATIONS: Final = Path(__file__).with_name("migrations")

SERVES_SINCE: Final = "0008"
"""The oldest schema whose programs work with the newest one too, so that both run in an upgrade.

A migration that only adds does not change it. A migration that removes something raises it, and
comes one release after programs have stopped using that. The database stores it with its version.
"""

VERSION: Final = """
SELECT version_num, obj_description('alembic_version'::regclass, 'pg_class') FROM alembic_version
"""
"""The version of a database's schema, and the note of `note_for`."""


class SchemaMismatch(Exception):
    """This program cannot work with the database's schema; one line says what to do."""


class MigrationFailed(Exception):
    """PostgreSQL refused a step; the database is unchanged."""


class DistributionRefused(Exception):
    """The database cannot be distributed by merchant; one line says what to do."""


class MoveRefused(Exception):
    """A merchant cannot be written to a file, or loaded from one; one line says why."""


class SchemaState(StrEnum):
    """A database's schema, compared with the newest that this program knows."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


@cache
def known_versions() -> tuple[str, ...]:
    """The versions that this program knows, oldest first.

    The names of the migration files begin with them, so Alembic need not be imported.
    """
    files = sorted((MIGRATIONS / "versions").glob("[0-9]*.py"))
    return tuple(file.name.partition("_")[0] for file in files)


def note_for(version: str, serves_since: str) -> str:
    """A note in the database: the oldest version of the program that works with its schema."""
    return f"{version} serves {serves_since} and later"


def version_for_us(version: str | None, note: str | None) -> str | None:
    """A database's version as this program counts it.

    A newer schema that this program works with counts as the newest that it knows.
    """
    known = known_versions()
    if version is None or version in known:
        return version
    serves_us = any(note == note_for(version, since) for since in known)
    return known[-1] if serves_us else version


def schema_state(version: str | None) -> SchemaState:
    """Compare a database's version with the newest known; None means no schema yet."""
    known = known_versions()
    if version == known[-1]:
        return SchemaState.CURRENT
    return SchemaState.OLDER if version is None or version in known else SchemaState.NEWER


def refuse_newer(version: str | None) -> None:
    """Raise SchemaMismatch for a schema that this program does not know."""
    if schema_state(version) is SchemaState.NEWER:
        raise SchemaMismatch(
            f"the database has schema {version}, which is newer than this program's "
            f"{known_versions()[-1]}: use the version of Sconto that made it, or a later one"
        )


async def read_version(connection: Connection) -> str | None:
    """The version of the database's schema as this program counts it; None if it has none yet."""
    try:
        row = await connection.fetchrow(VERSION)
    except asyncpg.UndefinedTableError:
        return None
    return None if row is None else version_for_us(*row)


async def find_schema_state(url: str) -> SchemaState:
    """Compare the schema of the database at this address with the one this program works with.

    Raises DatabaseUnavailable, and SchemaMismatch if the database's is newer.
    """
    database = await Database.open(url, connections=1)
    try:
        async with database.read() as connection:
            version = await read_version(connection)
    finally:
        await database.close()
    refuse_newer(version)
    return schema_state(version)
