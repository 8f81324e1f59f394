"""The schema's version: which one a database has, and which one this program works with."""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import asyncpg

from sconto.store.database import Connection, Database

MIGRATIONS: Final = Path(__file__).with_name("migrations")


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
    """The version of the database's schema; None where it has none yet."""
    try:
        version: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    return version


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
