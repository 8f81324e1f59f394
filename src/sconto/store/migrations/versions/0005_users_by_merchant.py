"""An index of the users of each merchant, for lists in pages."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the index."""
    op.execute("CREATE INDEX users_by_merchant ON users (merchant_id, user_id)")
