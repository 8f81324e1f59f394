"""Counters of orders: of the merchant, and of each promotion and code, by day.

It only adds, so the previous version may serve meanwhile. `orders.is_counted` says which orders are
in the counters. Earlier orders have null; they are counted in the background, the newest first, and
`orders_to_count` has the progress of each merchant. An order that the previous version places after
this has false, the default, and is counted in the background too (`order_counting`).

The index is created here only on a small table (`indexes_while_serving`).
"""

from alembic import op
from sqlalchemy import text

from sconto.store import indexes_while_serving
from sconto.store.indexes_while_serving import COUNT_INDEXES, create_statement, table_of

revision = "0022"
down_revision = "0021"

# Orders add to `open_order_counts`: concurrent ones to rows of different slots, so that none waits
# for another. It has only the last days, and few indexes. `order_counts` has the earlier days, and
# orders that were counted later. Amounts are as in redemptions.
COUNTS = """
CREATE TABLE open_order_counts (
    merchant_id bigint NOT NULL,
    subject text COLLATE "C" NOT NULL
        CHECK (subject IN ('discounted', 'full price', 'promotion', 'subscription')),
    promotion_id bigint NOT NULL,                  -- 0: all orders of the merchant
    code_id bigint NOT NULL,                       -- of a reusable code; 0: any other
    currency text COLLATE "C" NOT NULL,
    day date NOT NULL,
    slot smallint NOT NULL,
    orders bigint NOT NULL,                        -- in which it applied
    beaten bigint NOT NULL,                        -- in which it was eligible and others gave more
    discount numeric NOT NULL,
    revenue numeric NOT NULL,                      -- totals of the orders in which it applied
    PRIMARY KEY (merchant_id, subject, promotion_id, code_id, currency, day, slot)
) WITH (fillfactor = 50);

CREATE TABLE order_counts (
    merchant_id bigint NOT NULL,
    subject text COLLATE "C" NOT NULL
        CHECK (subject IN ('discounted', 'full price', 'promotion', 'subscription')),
    promotion_id bigint NOT NULL,
    day date NOT NULL,
    code_id bigint NOT NULL,
    currency text COLLATE "C" NOT NULL,
    orders bigint NOT NULL,
    beaten bigint NOT NULL,
    discount numeric NOT NULL,
    revenue numeric NOT NULL,
    PRIMARY KEY (merchant_id, subject, promotion_id, day, code_id, currency)
);
-- A ranking reads the index alone.
CREATE INDEX order_counts_by_day ON order_counts (merchant_id, subject, day)
    INCLUDE (promotion_id, currency, orders, beaten, discount, revenue);

-- What purged orders counted, and before when purges have kept it: a purge by the previous version
-- has not.
ALTER TABLE purges ADD COLUMN counts_kept_before timestamptz;
UPDATE purges SET counts_kept_before = purged_before;

CREATE TABLE purged_order_counts (
    merchant_id bigint NOT NULL,
    subject text COLLATE "C" NOT NULL,
    promotion_id bigint NOT NULL,
    code_id bigint NOT NULL,
    currency text COLLATE "C" NOT NULL,
    orders bigint NOT NULL,
    beaten bigint NOT NULL,
    discount numeric NOT NULL,
    revenue numeric NOT NULL,
    PRIMARY KEY (merchant_id, subject, promotion_id, code_id, currency)
);
"""

MARKS = """
ALTER TABLE orders ADD COLUMN is_counted boolean;
ALTER TABLE orders ALTER COLUMN is_counted SET DEFAULT false;

-- Merchants with older orders. Those before this place are not counted yet.
CREATE TABLE orders_to_count (
    merchant_id bigint PRIMARY KEY,
    created_at timestamptz NOT NULL,
    order_id text COLLATE "C" NOT NULL
);

-- Those without orders are done at the first look. A distributed database has no join that would
-- leave them out.
INSERT INTO orders_to_count (merchant_id, created_at, order_id)
SELECT merchant_id, '9999-12-31T00:00:00Z', '' FROM merchants;
"""

# A home page counts the promotions that are running.
RUNNING = """
CREATE INDEX promotions_switched_on ON promotions (merchant_id, starts_at, ends_at)
    WHERE active AND deleted_at IS NULL;
"""

SIZE = text("SELECT pg_table_size(to_regclass(:name))")


def upgrade() -> None:
    """Add the counters and the column, and the index if that takes no time."""
    for statements in (COUNTS, MARKS, RUNNING):
        op.execute(statements)
    for name in COUNT_INDEXES:
        size = op.get_bind().scalar(SIZE, {"name": table_of(name)})
        if size < indexes_while_serving.SMALL_TABLE:
            op.execute(create_statement(name))
