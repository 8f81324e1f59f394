"""Brings a database to the newest schema: Alembic, with plain SQL in each step."""

import re
import time
from typing import Any, Final

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from sconto.store.administration import connect, one_line
from sconto.store.database import DatabaseUnavailable
from sconto.store.distribution import distribute_new_tables, is_distributed, prepare_migration
from sconto.store.indexes_while_serving import build_missing
from sconto.store.schema import (
    MIGRATIONS,
    SERVES_SINCE,
    VERSION,
    MigrationFailed,
    known_versions,
    note_for,
    refuse_newer,
    version_for_us,
)

_LOCK: Final = 0x5C0_4710
"""The advisory lock that concurrent migrations of a database wait for."""

_LOCK_MILLISECONDS: Final = 1000

_PAUSES: Final = (0.1, 0.2, 0.5, 1, 1, 2, 2, 5, 5, 10)
"""Seconds between attempts: together half a minute."""

_COMMENT: Final = re.compile(r"--[^\n]*")

_TOKEN: Final = re.compile(
    r"""--[^\n]*|'[^']*'|"[^"]*"|(?P<quote>\$\w*\$).*?(?P=quote)|;""", re.DOTALL
)
"""What may have a semicolon in it, or is one."""

_IN_THE_WAY: Final = (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable)


def migrate(url: str) -> None:
    """Bring the database to the newest schema; do nothing if it has it already.

    All steps are one transaction, which holds a lock from its first statement. So the second of two
    concurrent migrations waits and finds nothing left to do, and a killed one leaves the database
    as it was. The previous version of Sconto may serve meanwhile: a step that does not get a table
    soon is rolled back, and everything is tried again. Indexes on large tables are built
    afterwards, while orders are placed. Raises SchemaMismatch for a schema newer than this
    program's, DatabaseUnavailable, and MigrationFailed.
    """
    for pause in _PAUSES:
        try:
            _migrate_once(url)
            _build_indexes(url)
            return
        except OperationalError as error:
            if not isinstance(error.orig, _IN_THE_WAY):
                raise _translated(error) from error
            time.sleep(pause)
        except DBAPIError as error:
            raise _translated(error) from error
        except psycopg.Error as error:  # of Citus, when it distributes a new table
            raise MigrationFailed(one_line(error)) from error
    raise MigrationFailed("the tables are in use all the time: try again at a quieter moment")


def _migrate_once(url: str) -> None:
    connected = connect(url, "sconto migrate")
    engine = create_engine("postgresql+psycopg://", creator=lambda: connected, poolclass=NullPool)
    event.listen(engine, "do_execute", _execute_one_by_one)
    with engine.begin() as connection:
        # It waits for a concurrent migration, and a step may read a whole table.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        version, note = _read_version(connection)
        refuse_newer(version_for_us(version, note))
        if version is not None and version not in known_versions():
            return  # newer, but this program works with it
        # While a migration waits for a table, all readers of the table wait behind it.
        connection.execute(text(f"SET LOCAL lock_timeout = {_LOCK_MILLISECONDS}"))
        distributed = is_distributed(connected)
        if distributed:
            prepare_migration(connected)
        command.upgrade(_alembic(connection), "head")
        if distributed:
            distribute_new_tables(connected)
        right = note_for(known_versions()[-1], SERVES_SINCE)
        if note != right:
            connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{right}'"))


def _execute_one_by_one(cursor: Any, script: str, values: Any, _context: Any) -> bool:
    """Execute each statement of a step separately, because Citus passes on all that was sent.

    Returns True, which tells SQLAlchemy that there is nothing left to execute.
    """
    for statement in split_script(script):
        cursor.execute(statement, values)
    return True


def _build_indexes(url: str) -> None:
    try:
        with connect(url, "sconto migrate") as connection:
            connection.autocommit = True
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            if row == (known_versions()[-1],):
                build_missing(connection)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(one_line(error)) from error
    except psycopg.Error as error:
        raise MigrationFailed(f"{one_line(error)}: run `sconto migrate` again") from error


def split_script(script: str) -> list[str]:
    """The statements of a script, without the semicolons between them."""
    starts, ends = [0], list[int]()
    for token in _TOKEN.finditer(script):
        if token[0] == ";":
            ends.append(token.start())
            starts.append(token.end())
    parts = [script[start:end] for start, end in zip(starts, [*ends, None], strict=True)]
    return [part for part in parts if _COMMENT.sub("", part).strip()]


def _translated(error: DBAPIError) -> DatabaseUnavailable | MigrationFailed:
    lost = error.connection_invalidated
    return (DatabaseUnavailable if lost else MigrationFailed)(one_line(error.orig))


def _read_version(connection: Connection) -> tuple[str | None, str | None]:
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None, None
    row = connection.execute(text(VERSION)).one_or_none()
    return (None, None) if row is None else (row[0], row[1])


def _alembic(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    # In Alembic's configuration a percent sign is a reference.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
