"""Codes that the previous version generates end the timelines of codes.

That version does not renew the price version when it generates codes. It counts them in `made`
alone, in the transaction that adds them. This version counts its own in `noticed` too, for it
updates the timelines in the same transaction. So if the two differ, the merchant's timelines may
lack codes. Then carts do not read them until they are drawn again (`code_timelines`).

It only adds, so the previous version may serve meanwhile. Older jobs begin with a difference, which
costs a merchant that its timelines are drawn once more.
"""

from alembic import op

revision = "0036"
down_revision = "0035"

STATEMENTS = """
ALTER TABLE code_generations ADD COLUMN noticed integer NOT NULL DEFAULT 0;
CREATE INDEX unnoticed_code_generations ON code_generations (merchant_id) WHERE made <> noticed;
"""


def upgrade() -> None:
    """Add the column and its index; the table has a row for each job, so it is small."""
    op.execute(STATEMENTS)
