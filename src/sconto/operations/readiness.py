"""Readiness: whether requests can be served at this moment."""

from enum import StrEnum

from sconto.operations import Database, DatabaseUnavailable
from sconto.store.schema import SchemaState, read_version, schema_state


class Readiness(StrEnum):
    """Whether requests can be served, or what stands in the way."""

    READY = "ready"
    NO_DATABASE = "the database cannot be reached"
    SCHEMA_OLDER = "the database's schema is older than this program's"
    SCHEMA_NEWER = "the database's schema is newer than this program's"


async def find_readiness(database: Database) -> Readiness:
    """Ask the database whether it is there, and whether its schema is the one we work with."""
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
