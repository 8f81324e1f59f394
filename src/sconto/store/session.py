"""Whether the sessions have the settings that they need."""

from typing import Final

from sconto.store.database import Connection
from sconto.store.pool import SESSION_SETTINGS

_READ: Final = """
SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name
"""


async def find_missing_settings(connection: Connection) -> list[str]:
    """The settings that the session lacks, each as `name = value`.

    They are sent when a connection is opened, and a pooler in between may drop them.
    """
    rows = await connection.fetch(_READ, list(SESSION_SETTINGS))
    in_force = {row["name"]: row["value"] for row in rows}
    return [
        f"{name} = {value}" for name, value in SESSION_SETTINGS.items() if in_force[name] != value
    ]
