"""Versions of the timelines, so that what was read of one can be cached while it stays the same.

Only programs that write a new version with each change may be used with this schema.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

STATEMENTS = """
-- Any other number means that the timeline may be another. A row is updated over and over, so there
-- is room for that in its page.
CREATE TABLE timeline_versions (
    merchant_id bigint NOT NULL REFERENCES merchants PRIMARY KEY,
    version bigint NOT NULL
) WITH (fillfactor = 20);
-- A process that cached the versions of an empty database must not take this one for it.
INSERT INTO timeline_versions
SELECT merchant_id, hashtextextended(gen_random_uuid()::text, 0) FROM merchants;
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(STATEMENTS)
