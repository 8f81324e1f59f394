"""What lists of orders look up: by status, customer, promotion and code, the newest first.

It only adds, so the previous version may serve meanwhile. `placed_at` is set on one redemption of
each promotion and code of an order, and null on the others. The previous version does not name the
column: its redemptions get the time of their transaction. Earlier rows are null until a background
job has reached their order (`order_listing`); `orders_to_list` has its progress.

The indexes are created here only on small tables (`indexes_while_serving`).
"""

from alembic import op
from sqlalchemy import text

from sconto.store import indexes_while_serving
from sconto.store.indexes_while_serving import (
    LIST_INDEXES,
    create_statement,
    table_of,
)

revision = "0020"
down_revision = "0019"

COLUMN = """
ALTER TABLE redemptions ADD COLUMN placed_at timestamptz;
ALTER TABLE redemptions ALTER COLUMN placed_at SET DEFAULT now();
"""

TO_LIST = """
-- Merchants with older orders. Those before this place are not found by promotion or code yet.
CREATE TABLE orders_to_list (
    merchant_id bigint PRIMARY KEY,
    created_at timestamptz NOT NULL,
    order_id text COLLATE "C" NOT NULL
);

-- Those without orders are done at the first look. A distributed database has no join that would
-- leave them out.
INSERT INTO orders_to_list (merchant_id, created_at, order_id)
SELECT merchant_id, '9999-12-31T00:00:00Z', '' FROM merchants;
"""

SIZE = text("SELECT pg_table_size(to_regclass(:name))")


def upgrade() -> None:
    """Add the column and the table, and the indexes if that takes no time."""
    for statements in (COLUMN, TO_LIST):
        op.execute(statements)
    for name in LIST_INDEXES:
        size = op.get_bind().scalar(SIZE, {"name": table_of(name)})
        if size < indexes_while_serving.SMALL_TABLE:
            op.execute(create_statement(name))
