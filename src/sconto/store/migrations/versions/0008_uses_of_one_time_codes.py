"""The uses of a one-time code are in the code's row; its promotion counts them with all others.

So a promotion has only a few rows of redemptions a day, however many codes it has. This migration
only makes room: `store.counters` moves what is counted by code so far, a thousand rows at a time,
with the same sums before and after.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = """
-- Redemptions by the code while it was one-time; what replaced orders redeemed counts on.
ALTER TABLE codes
    ADD COLUMN applied_uses integer NOT NULL DEFAULT 0,
    ADD COLUMN outdone_uses integer NOT NULL DEFAULT 0;

-- Statistics show removed codes that were used, and read no others. An order pays nothing for it:
-- its codes are not removed, and `unused_codes` has them in new places already.
CREATE INDEX removed_codes_used ON codes (merchant_id, promotion_id)
    WHERE removed_at IS NOT NULL AND applied_uses + outdone_uses > 0;

-- What the previous version counted, which may still run for a while; else it is empty.
CREATE INDEX codes_to_fold ON redemption_counts (merchant_id, day)
    WHERE code_type = 'one-time' AND code_id <> 0;
"""


def upgrade() -> None:
    """Add the columns and the indexes."""
    op.execute(STATEMENTS)
