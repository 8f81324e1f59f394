"""Holds: carts that are promised to an order id until a time, and what they hold.

It only adds, so the previous version may serve meanwhile. That version does not see what is held:
make holds only when every program has this version (`docs/holds.md`).
"""

from alembic import op

revision = "0018"
down_revision = "0017"

# A hold has ended if its row is gone or `expires_at` has come. What it holds names its order id.
HOLDS = """
CREATE TABLE holds (
    merchant_id bigint NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    replaces text COLLATE "C",
    outcome json NOT NULL,
    request json NOT NULL,
    customer_id text COLLATE "C",
    is_first boolean NOT NULL,
    code_ids bigint[] NOT NULL,                    -- the one-time codes that it holds
    allowances integer NOT NULL,                   -- how many rows of held_allowances it has
    version bigint NOT NULL,                       -- random; another hold of the id has another
    PRIMARY KEY (merchant_id, order_id),
    CHECK (expires_at > created_at)
);
CREATE INDEX holds_by_end ON holds (merchant_id, expires_at);
CREATE INDEX holds_of_customer ON holds (merchant_id, customer_id)
    WHERE customer_id IS NOT NULL;

-- What a hold holds of each cart promotion that applies, whether or not the promotion has such a
-- limit. Promotion 0, which no promotion is, stands for a customer's first order.
CREATE TABLE held_allowances (
    merchant_id bigint NOT NULL,
    promotion_id bigint NOT NULL,
    scope text COLLATE "C" NOT NULL CHECK (scope IN ('total', 'customer', 'budget')),
    key text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    amount numeric NOT NULL CHECK (amount >= 0),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, promotion_id, scope, key, order_id)
);
CREATE INDEX held_allowances_of_order ON held_allowances (merchant_id, order_id);
CREATE INDEX held_allowances_by_end
    ON held_allowances (merchant_id, promotion_id, scope, key, expires_at);
"""

# `held` is the sum of the allowance's rows in held_allowances, including ended ones.
HELD = """
ALTER TABLE allowances ADD COLUMN held numeric NOT NULL DEFAULT 0;

ALTER TABLE codes ADD COLUMN held_for text COLLATE "C", ADD COLUMN held_until timestamptz;

-- Whether the merchant ever made a hold. The statements of the others do not look for any.
ALTER TABLE timeline_versions ADD COLUMN has_holds boolean NOT NULL DEFAULT false;
CREATE INDEX merchants_with_holds ON timeline_versions (merchant_id) WHERE has_holds;
"""


def upgrade() -> None:
    """Add the tables and columns."""
    for statements in (HOLDS, HELD):
        op.execute(statements)
