"""The verbs: one function for each thing a person can ask for.

The database that they open is named here too, for those above who pass it on.
"""

from sconto.store.availability import BusyReason
from sconto.store.database import Busy, Database, DatabaseUnavailable, StatementStopped

__all__ = ["Busy", "BusyReason", "Database", "DatabaseUnavailable", "StatementStopped"]
