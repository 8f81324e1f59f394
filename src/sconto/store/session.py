"""Whether the sessions, and the nodes of a distributed database, have the settings they need."""

from typing import Final

from sconto.store import citus
from sconto.store.database import Connection
from sconto.store.node_calls import FIND_FUNCTIONS
from sconto.store.node_functions import NAMES
from sconto.store.pool import SESSION_SETTINGS

_READ: Final = """
SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name
"""


async def find_missing_settings(connection: Connection) -> list[str]:
    """The settings that the session lacks, each as `name = value`.

    They are sent when a connection is opened, but a pooler in between may drop them.
    """
    wanted = SESSION_SETTINGS
    if await connection.fetchval(citus.HAS_CITUS):  # as PREPARE_SESSION asks
        wanted = {**wanted, **citus.SESSION_SETTINGS, "plan_cache_mode": citus.PLAN_CACHE_MODE}
    rows = await connection.fetch(_READ, list(wanted))
    in_force = {row["name"]: row["value"] for row in rows}
    return [f"{name} = {value}" for name, value in wanted.items() if in_force[name] != value]


async def find_node_faults(connection: Connection) -> list[str]:
    """What is wrong with the nodes of a distributed database, one line each."""
    if not await _is_distributed(connection):
        return []
    if not await connection.fetchval(citus.IS_COORDINATOR):
        return [
            "the database is that of a worker node: expected the coordinator's, because the locks "
            "that keep limits are there"
        ]
    faults = citus.faults_of([tuple(row) for row in await connection.fetch(citus.READ_NODES)])
    names = {row["proname"] for row in await connection.fetch(FIND_FUNCTIONS)}
    if not names.issuperset(NAMES):
        faults.append(
            "functions of this version are missing, so quotes and orders are slow: "
            "run `sconto distribute`"
        )
    return faults


async def _is_distributed(connection: Connection) -> bool:
    return bool(await connection.fetchval(citus.HAS_CITUS)) and bool(
        await connection.fetchval(citus.IS_DISTRIBUTED)
    )
