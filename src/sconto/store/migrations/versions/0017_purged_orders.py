"""What is kept of purged orders, and the permission to purge old history.

It only adds, so the previous version may serve meanwhile. That version does not know the customers
of purged orders: purge only when every program has this version (`docs/retention.md`).
"""

from alembic import op

revision = "0017"
down_revision = "0016"

# A purge deletes orders with their redemptions, and adds up here what they counted. So the check
# can still compare counters and allowances with what orders took.
PURGED = """
CREATE TABLE purges (
    merchant_id bigint PRIMARY KEY,
    purged_before timestamptz NOT NULL
);

CREATE TABLE purged_redemptions (
    merchant_id bigint NOT NULL,
    promotion_id bigint NOT NULL,
    code_id bigint NOT NULL,
    code_type text COLLATE "C" NOT NULL,
    applied boolean NOT NULL,
    currency text COLLATE "C" NOT NULL,
    uses bigint NOT NULL,
    discount numeric NOT NULL,
    PRIMARY KEY (merchant_id, promotion_id, code_id, code_type, applied, currency)
);

-- As `allowances`, of all cart promotions; of customers only where a limit counts them.
CREATE TABLE purged_allowances (
    merchant_id bigint NOT NULL,
    promotion_id bigint NOT NULL,
    scope text COLLATE "C" NOT NULL CHECK (scope IN ('total', 'customer', 'budget')),
    key text COLLATE "C" NOT NULL,
    taken numeric NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (merchant_id, promotion_id, scope, key),
    CHECK ((scope = 'total') = (key = ''))
);

-- Customers who have a purged order, so that their next order is not their first. Only a digest of
-- the customer's id is stored.
CREATE TABLE past_customers (
    merchant_id bigint NOT NULL,
    digest bytea NOT NULL,
    PRIMARY KEY (merchant_id, digest)
);
"""

ORDERS_BY_TIME = """
CREATE INDEX orders_by_time ON orders (merchant_id, created_at, order_id);
"""

# A transaction that purges sets the time before which it may delete. Everything else is refused, as
# before.
HISTORY = """
CREATE INDEX history_by_time ON history (merchant_id, recorded_at);

CREATE OR REPLACE FUNCTION refuse_to_change_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.recorded_at < nullif(current_setting('sconto.purging_before', true), '')::timestamptz
        THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'history is never changed' USING ERRCODE = 'restrict_violation';
END
$$;
"""


def upgrade() -> None:
    """Add the tables and indexes, and let a purge delete history."""
    for statements in (PURGED, ORDERS_BY_TIME, HISTORY):
        op.execute(statements)
