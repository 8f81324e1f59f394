"""Searches for parts of names and codes, and promotions in the order of their starts.

It only adds indexes, so the previous version may serve meanwhile. PostgreSQL fills them from the
existing rows, and from what that version writes. They are created here only on small tables
(`indexes_while_serving`).
"""

from alembic import op
from sqlalchemy import text

from sconto.store import indexes_while_serving
from sconto.store.indexes_while_serving import create_statement, table_of
from sconto.store.search_indexes import SEARCH_INDEXES

revision = "0023"
down_revision = "0022"

SIZE = text("SELECT pg_table_size(to_regclass(:name))")


def upgrade() -> None:
    """Create the indexes if that takes no time."""
    for name in SEARCH_INDEXES:
        size = op.get_bind().scalar(SIZE, {"name": table_of(name)})
        if size < indexes_while_serving.SMALL_TABLE:
            # Not `op.execute`, which would take parts of an expression for parameters.
            op.get_bind().exec_driver_sql(create_statement(name))
