"""The last changes of each merchant's timeline (`pick_changes`).

It only adds a column without a default, so a version before may serve meanwhile. That version
renews the timeline's version without the list. Then processes read all picks again, as before.
"""

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE timeline_versions ADD COLUMN pick_changes jsonb")
