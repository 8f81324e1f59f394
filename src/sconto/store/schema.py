"""The schema's version: which one a database has, and which one this program works with."""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import asyncpg

from sconto.store.database import Connection, Database

MIGRATIONS: Final = Path(__file__).with_name("migrations")

SERVES_SINCE: Final = "0008"
"""The oldest schema whose programs work with the newest one too, so that both run in an upgrade.

A migration that only adds leaves it. One that takes away what such programs use raises it; it comes
a release after the programs have stopped using it. The database carries it beside its version.
"""

VERSION: Final = """
SELECT version_num, obj_description('alembic_version'::regclass, 'pg_class') FROM alembic_version
"""
"""The version of a database's schema, and what `note_for` wrote beside it."""


class SchemaMismatch(Exception):
    """The database has a schema that this program cannot work with; one line says what to do."""


class MigrationFailed(Exception):
    """PostgreSQL refused a step; the database is as it was before."""


class SchemaState(StrEnum):
    """How a database's schema compares with the one that this program works with."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


@cache
def known_versions() -> tuple[str, ...]:
    """The versions that this program knows, oldest first.

    A migration's file opens with its version, so that nobody has to import Alembic to learn it.
    """
    files = sorted((MIGRATIONS / "versions").glob("[0-9]*.py"))
    return tuple(file.name.partition("_")[0] for file in files)


def note_for(version: str, serves_since: str) -> str:
    """What a database says of its schema: from which version on programs may use it."""
    return f"{version} serves {serves_since} and later"


def version_for_us(version: str | None, note: str | None) -> str | None:
    """A database's version as this program may take it.

    A newer schema that serves this program too counts as the newest that the program knows.
    """
    known = known_versions()
    if version is None or version in known:
        return version
    serves_us = any(note == note_for(version, since) for since in known)
    return known[-1] if serves_us else version


def schema_state(version: str | None) -> SchemaState:
    """Compare a database's version, None where it has no schema yet, with the newest known."""
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
    """The version of the database's schema, for us; None where it has none yet."""
    try:
        row = await connection.fetchrow(VERSION)
    except asyncpg.UndefinedTableError:
        return None
    return None if row is None else version_for_us(*row)


async def find_schema_state(url: str) -> SchemaState:
    """Compare the schema of the database at this address with the one this program works with.

    Raises DatabaseUnavailable, and SchemaMismatch where the database's is newer.
    """
    database = await Database.open(url, connections=1)
    try:
        async with database.read() as connection:
            version = await read_version(connection)
    finally:
        await database.close()
    refuse_newer(version)
    return schema_state(version)
