"""Deleted promotions whose codes are still to be removed, in batches."""

from alembic import op

revision = "0010"
down_revision = "0009"

STATEMENTS = """
-- A row is a job, and the lock on it is the claim of the worker that is at it. Codes up to position
-- `swept_to` were checked. A restoration pauses the job, and sees by `batches` whether anything
-- was removed since.
CREATE TABLE code_sweeps (
    merchant_id bigint NOT NULL,
    promotion_id bigint NOT NULL,
    swept_to bigint NOT NULL,
    batches bigint NOT NULL DEFAULT 0,
    paused_until timestamptz,
    PRIMARY KEY (merchant_id, promotion_id),
    FOREIGN KEY (merchant_id, promotion_id) REFERENCES promotions
);
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(STATEMENTS)
