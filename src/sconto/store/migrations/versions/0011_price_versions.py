"""A second version next to the timeline's: that of all prices, against orders at older prices.

The previous version of the service may run at the same time as the new one during an upgrade. It
renews only the timeline's version. So until it has stopped, an edit made through it of a promotion
with codes, or of a subscription promotion, may be missing from an order that the new program is
placing at that moment.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

STATEMENTS = """
-- Any other number means that an order may cost something else.
ALTER TABLE timeline_versions ADD COLUMN price_version bigint NOT NULL DEFAULT 0;
"""


def upgrade() -> None:
    """Add the column."""
    op.execute(STATEMENTS)
