"""Brings a database to the newest schema: Alembic, with plain SQL in each step."""

from typing import Final

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from sconto.store.database import DatabaseUnavailable
from sconto.store.schema import MIGRATIONS, MigrationFailed, refuse_newer

_LOCK: Final = 0x5C0_4710
"""The advisory lock that those who migrate a database wait for."""


def migrate(url: str) -> None:
    """Bring the database to the newest schema; nothing happens where it has it already.

    All steps are one transaction, which holds a lock from its first statement: of two at once the
    second waits and finds nothing left to do, and one that is killed leaves the database as it was.
    Raises SchemaMismatch for a schema newer than this program's, DatabaseUnavailable, and
    MigrationFailed.
    """
    connected = _connect(url)
    engine = create_engine("postgresql+psycopg://", creator=lambda: connected, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            refuse_newer(_read_version(connection))
            command.upgrade(_alembic(connection), "head")
    except DBAPIError as error:
        lost = error.connection_invalidated
        raise (DatabaseUnavailable if lost else MigrationFailed)(_one_line(error.orig)) from error


def _connect(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    try:
        return psycopg.connect(url, connect_timeout=5, application_name="sconto migrate")
    except psycopg.Error as error:
        raise DatabaseUnavailable(_one_line(error)) from error


def _read_version(connection: Connection) -> str | None:
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def _alembic(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    # A percent sign stands for a reference in Alembic's configuration.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _one_line(error: object) -> str:
    return " ".join(str(error).split())
