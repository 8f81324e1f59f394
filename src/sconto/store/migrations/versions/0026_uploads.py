"""Uploaded files that a person reviews before they are taken.

It only adds tables, so the previous version may serve meanwhile.
"""

from alembic import op

revision = "0026"
down_revision = "0024"

# A file is deleted when it is taken, or at `expires_at`. Only the user who sent it can read it.
STATEMENTS = """
CREATE TABLE uploads (
    merchant_id bigint NOT NULL,
    upload_id bigint GENERATED ALWAYS AS IDENTITY,
    user_id bigint NOT NULL,
    name text NOT NULL,
    size bigint NOT NULL,
    typed boolean NOT NULL,                        -- typed into a field; else a file
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, upload_id)
);
CREATE INDEX uploads_of_user ON uploads (merchant_id, user_id, upload_id);
CREATE INDEX uploads_by_end ON uploads (merchant_id, expires_at);

CREATE TABLE upload_parts (
    merchant_id bigint NOT NULL,
    upload_id bigint NOT NULL,
    number integer NOT NULL,                       -- from 0, in the order of the file
    content bytea NOT NULL,
    PRIMARY KEY (merchant_id, upload_id, number)
);
-- Texts of people are short or compress badly; their compression would cost more than it saves.
ALTER TABLE upload_parts ALTER COLUMN content SET STORAGE EXTERNAL;
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute(STATEMENTS)
