"""An index for each order in which promotions are listed, and one of unused codes."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = """
DROP INDEX promotions_by_update;
CREATE INDEX promotions_by_update ON promotions (merchant_id, updated_at, promotion_id)
    WHERE deleted_at IS NULL;
CREATE INDEX promotions_by_creation ON promotions (merchant_id, promotion_id)
    WHERE deleted_at IS NULL;
CREATE INDEX promotions_by_name ON promotions (merchant_id, name_folded, promotion_id)
    WHERE deleted_at IS NULL;
CREATE INDEX promotions_by_end ON promotions
    (merchant_id, coalesce(ends_at, '9999-12-31 00:00:00+00'::timestamptz), promotion_id)
    WHERE deleted_at IS NULL;
-- Those that can still be had back.
CREATE INDEX promotions_by_deletion ON promotions (merchant_id, deleted_at)
    WHERE deleted_at IS NOT NULL;

-- Whether every code of a promotion is used is one look-up, however many it has.
CREATE INDEX unused_codes ON codes (merchant_id, promotion_id)
    WHERE removed_at IS NULL AND used_at IS NULL;
"""


def upgrade() -> None:
    """Create the indexes."""
    op.execute(STATEMENTS)
