"""The index of codes by their parts is replaced by one that takes less to write.

It finds the same codes (`search_indexes`). It is created here only on a small table, and otherwise
while Sconto serves (`indexes_while_serving`). The previous version has its own index until a later
migration drops it.

Allowances lose their CHECKs, as other tables that orders write did in 0031: PostgreSQL reads and
prepares each again in every order that takes from a limit. `sconto check` finds what they would
have refused. Dropping them concerns the previous version no more than this one.
"""

from alembic import op
from sqlalchemy import text

from sconto.store import indexes_while_serving
from sconto.store.indexes_while_serving import create_statement

revision = "0035"
down_revision = "0033"

CHECKS = """
ALTER TABLE allowances DROP CONSTRAINT IF EXISTS allowances_scope_check,
    DROP CONSTRAINT IF EXISTS allowances_taken_check, DROP CONSTRAINT IF EXISTS allowances_check
"""

SIZE = text("SELECT pg_table_size(to_regclass('codes'))")


def upgrade() -> None:
    """Drop the checks, and create the index if that takes no time."""
    op.execute(CHECKS)
    if op.get_bind().scalar(SIZE) < indexes_while_serving.SMALL_TABLE:
        # Not `op.execute`, which would take parts of an expression for parameters.
        op.get_bind().exec_driver_sql(create_statement("codes_by_pair"))
