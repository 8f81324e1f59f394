"""The verbs: one function for each thing that a person can ask for.

`api`, `portal` and `cli` get the database from here, to pass it on.
"""

from sconto.store.availability import BusyReason
from sconto.store.database import Busy, Database, DatabaseUnavailable, StatementStopped
from sconto.store.pool import OnStatement

__all__ = [
    "Busy",
    "BusyReason",
    "Database",
    "DatabaseUnavailable",
    "OnStatement",
    "StatementStopped",
]
