"""The index of codes by their parts is replaced by one that takes less to write.

It finds the same codes (`search_indexes`). It is created here only on a small table, and otherwise
while Sconto serves (`indexes_while_serving`). The previous version has its own index until a later
migration drops it.
"""

from alembic import op
from sqlalchemy import text

from sconto.store import indexes_while_serving
from sconto.store.indexes_while_serving import create_statement

revision = "0035"
down_revision = "0033"

SIZE = text("SELECT pg_table_size(to_regclass('codes'))")


def upgrade() -> None:
    """Create the index if that takes no time."""
    if op.get_bind().scalar(SIZE) < indexes_while_serving.SMALL_TABLE:
        # Not `op.execute`, which would take parts of an expression for parameters.
        op.get_bind().exec_driver_sql(create_statement("codes_by_pair"))
