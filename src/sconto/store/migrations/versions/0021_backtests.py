"""Back-tests: jobs that price the orders of a period with a draft of a promotion.

It only adds a table, so the previous version may serve meanwhile. That version runs no back-tests.
"""

from alembic import op

revision = "0021"
down_revision = "0020"

# The row is the queue: see `store/backtests.py`. `draft` and `result` are values of
# `domain/backtest`, `checkpoint` is one in msgpack, and is deleted when the job ends. A checkpoint
# has only digests of customers. A result names orders by their ids, and no customer.
STATEMENTS = """
CREATE TABLE backtests (
    merchant_id bigint NOT NULL REFERENCES merchants,
    backtest_id bigint GENERATED ALWAYS AS IDENTITY,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('product', 'cart')),
    name text NOT NULL,
    promotion_id bigint,                           -- whose place the draft takes; null: a new one
    draft json NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,                    -- excluded
    as_if_running boolean NOT NULL,
    zone text NOT NULL,
    state text COLLATE "C" NOT NULL
        CHECK (state IN ('waiting', 'running', 'finished', 'failed', 'cancelled')),
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    orders bigint,                                 -- of the period; null: not counted yet
    done bigint NOT NULL DEFAULT 0,
    attempts smallint NOT NULL DEFAULT 0,          -- since it last got further
    leased_until timestamptz,
    lease uuid,
    checkpoint bytea,
    result json,
    PRIMARY KEY (merchant_id, backtest_id),
    CHECK ((finished_at IS NULL) = (state IN ('waiting', 'running')))
);
CREATE INDEX open_backtests ON backtests (merchant_id, backtest_id) WHERE finished_at IS NULL;
CREATE INDEX ended_backtests ON backtests (finished_at) WHERE finished_at IS NOT NULL;
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(STATEMENTS)
