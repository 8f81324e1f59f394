"""Returns of orders.

It only adds, so the previous version may serve meanwhile. When that version purges an order, its
returns are deleted with it.
"""

from alembic import op

revision = "0019"
down_revision = "0018"

# Nothing changes a return. `number` counts the returns of an order from 1 without a gap. `returned`
# has the units by line of this return and all earlier ones.
RETURNS = """
CREATE TABLE returns (
    merchant_id bigint NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    return_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    refund json NOT NULL,
    returned json NOT NULL,
    shipping_returned boolean NOT NULL,
    PRIMARY KEY (merchant_id, order_id, number),
    UNIQUE (merchant_id, order_id, return_id),
    FOREIGN KEY (merchant_id, order_id) REFERENCES orders ON DELETE CASCADE
);
CREATE INDEX returns_by_time ON returns (merchant_id, created_at, order_id, number);
"""


def upgrade() -> None:
    """Add the table."""
    op.execute(RETURNS)
