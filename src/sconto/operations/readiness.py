"""Readiness: whether requests can be served now."""

from enum import Enum, auto

from sconto.operations import Database, DatabaseUnavailable
from sconto.store.schema import SchemaState, read_version, schema_state


class Readiness(Enum):
    """Whether requests can be served, or why not."""

    READY = auto()
    NO_DATABASE = auto()
    SCHEMA_OLDER = auto()
    SCHEMA_NEWER = auto()


async def find_readiness(database: Database) -> Readiness:
    """Ask the database whether it is available, and has the schema of this program."""
    try:
        async with database.read(pool="readiness") as connection:
            version = await read_version(connection)
    except DatabaseUnavailable:
        return Readiness.NO_DATABASE
    match schema_state(version):
        case SchemaState.CURRENT:
            return Readiness.READY
        case SchemaState.OLDER:
            return Readiness.SCHEMA_OLDER
        case SchemaState.NEWER:
            return Readiness.SCHEMA_NEWER
