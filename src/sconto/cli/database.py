"""The database that the settings name: started, given a schema, and used."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sconto.settings import Settings
from sconto.store.database import Database
from sconto.store.embedded import hold_server
from sconto.store.schema import (
    SchemaMismatch,
    SchemaState,
    find_schema_state,
    read_version,
    refuse_newer,
    schema_state,
)
from sconto.store.session import find_missing_settings, find_node_faults

T = TypeVar("T")


def ask_database(verb: Callable[[Database], Awaitable[T]]) -> T:
    """The result of the verb on the database that the settings name.

    A database without a schema gets one. An older schema is refused: `sconto migrate` and `sconto
    serve` update it. Raises SettingError, EmbeddedError, DatabaseUnavailable, SchemaMismatch, and
    what the verb raises.
    """
    with running_database(Settings.read()) as url:
        _ensure_schema(url)
        return asyncio.run(answer_from(url, verb))


@contextmanager
def running_database(settings: Settings) -> Iterator[str]:
    """The address of the database, which runs at least until the block ends.

    Raises EmbeddedError if the bundled database cannot be started.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    with hold_server(settings.data_dir) as url:
        yield url


def bring_up_to_date(url: str) -> None:
    """Update the database to the newest schema.

    Raises DatabaseUnavailable, MigrationFailed, and SchemaMismatch if its schema is newer.
    """
    if asyncio.run(find_schema_state(url)) is SchemaState.OLDER:
        # Alembic takes half a second to import, and most databases are up to date.
        from sconto.store.migrate import migrate  # noqa: PLC0415

        migrate(url)


def require_schema(url: str) -> None:
    """Raise SchemaMismatch unless the database has the newest schema.

    Raises DatabaseUnavailable.
    """
    if asyncio.run(find_schema_state(url)) is not SchemaState.CURRENT:
        raise SchemaMismatch(
            "the database has an older schema than this program's: run `sconto migrate`"
        )


def find_lacks(url: str) -> tuple[list[str], list[str]]:
    """The settings that sessions lack, as `name = value`, and what is wrong with the nodes.

    Raises DatabaseUnavailable.
    """
    return asyncio.run(answer_from(url, _find_lacks))


def _ensure_schema(url: str) -> None:
    version = asyncio.run(answer_from(url, find_version))
    refuse_newer(version)
    if version is None:
        bring_up_to_date(url)
    elif schema_state(version) is SchemaState.OLDER:
        raise SchemaMismatch(
            f"the database has schema {version}, which is older than this program's: "
            "run `sconto migrate`"
        )


async def find_version(database: Database) -> str | None:
    """The version of the schema; None if there is none."""
    async with database.read() as connection:
        return await read_version(connection)


async def _find_lacks(database: Database) -> tuple[list[str], list[str]]:
    async with database.read() as connection:
        return await find_missing_settings(connection), await find_node_faults(connection)


async def answer_from(url: str, verb: Callable[[Database], Awaitable[T]]) -> T:
    """The result of the verb on the database at this address."""
    database = await Database.open(url, connections=1)
    try:
        return await verb(database)
    finally:
        await database.close()
