"""Databases with the schema of an older version, and statements as that version sends them."""

from collections.abc import Callable
from functools import partial
from typing import Final

import alembic.command
import psycopg
import pytest
from alembic.config import Config

from sconto.store.migrate import migrate
from sconto.store.schema import MIGRATIONS, known_versions

_UPGRADE: Final = alembic.command.upgrade


def at_schema(create_database: Callable[[str], str], newest: str) -> str:
    """The address of a new database whose newest migration is this one; it has no rows."""
    url = create_database("template1")
    migrate_to(url, newest)
    return url


def migrate_to(url: str, newest: str) -> None:
    """Migrate as if this migration were the newest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alembic.command, "upgrade", partial(_upgrade_to, newest))
        migrate(url)


def version(url: str) -> list[tuple[object, ...]]:
    """The version of a database's schema, as a row."""
    return execute(url, "SELECT version_num FROM alembic_version")


def version_of(name: str) -> str:
    """The version of the migration with this name, such as `holds`."""
    [file] = (MIGRATIONS / "versions").glob(f"*_{name}.py")
    return file.name.partition("_")[0]


def version_before(name: str) -> str:
    """The revision before the migration with this name."""
    versions = known_versions()
    return versions[versions.index(version_of(name)) - 1]


def execute(url: str, statement: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The rows of a statement, or of several without values; times are in UTC."""
    with psycopg.connect(url, options="-c timezone=UTC") as connection:
        done = connection.execute(statement.encode(), values or None)
        return done.fetchall() if done.description else []


def _upgrade_to(version: str, config: Config, newest: str) -> None:
    assert newest == "head"
    _UPGRADE(config, version)
