"""Forms that were sent after their session had ended, until their user has signed in again.

It only adds a table, so the previous version may serve meanwhile. That version keeps no forms.
"""

from alembic import op

revision = "0027"
down_revision = "0026"

# `content` has the path and the fields of the form, but no password (`operations/kept_forms.py`).
# Its key is in a cookie of the browser that sent it; the row has a hash of the key.
STATEMENTS = """
CREATE TABLE kept_forms (
    merchant_id bigint NOT NULL REFERENCES merchants,
    user_id bigint NOT NULL,
    key_hash bytea NOT NULL,
    content bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, user_id, key_hash)
);
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(STATEMENTS)
