"""The verbs: one function for each thing a person can ask for.

The database that they open is named here too, for those above who pass it on.
"""

from sconto.store.database import Database, DatabaseUnavailable

__all__ = ["Database", "DatabaseUnavailable"]
