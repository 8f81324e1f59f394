"""Indexes of the counters that must be folded."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = """
-- A row is in one of them at most, and leaves it when it is folded. Neither has a column that
-- counting changes.
CREATE INDEX slots_to_fold ON redemption_counts (merchant_id, day) WHERE slot > 0;
CREATE INDEX days_to_fold ON redemption_counts (merchant_id, day)
    WHERE slot = 0 AND extract(day FROM day) > 1;
"""


def upgrade() -> None:
    """Create the indexes."""
    op.execute(STATEMENTS)
