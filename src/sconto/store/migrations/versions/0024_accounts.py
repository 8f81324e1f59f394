"""Settings of people and merchants, sessions, two-factor sign-in, and an audit log.

It only adds, so the previous version may serve meanwhile. That version asks for no second factor
and lists no sessions: set up second factors only when every program has this version
(`docs/people.md`).

The indexes are created here only on a small history (`indexes_while_serving`).
"""

from alembic import op
from sqlalchemy import text

from sconto.store import indexes_while_serving
from sconto.store.indexes_while_serving import AUDIT_INDEXES, create_statement, table_of

revision = "0024"
down_revision = "0023"

# Null is the default: the merchant's name, the server's zone, no currency, no link.
SETTINGS = """
ALTER TABLE merchants
    ADD COLUMN shop_name text,
    ADD COLUMN time_zone text COLLATE "C",
    ADD COLUMN currency text COLLATE "C",
    ADD COLUMN code_link text,
    ADD COLUMN requires_two_factor boolean NOT NULL DEFAULT false;

-- Null: as the browser asks.
ALTER TABLE users ADD COLUMN language text COLLATE "C";
"""

# Its token, `ended_tokens` and `users.changed_at` decide whether a session is valid: these rows
# only say what people are shown. `as_of` is the change of the user that the token knows.
SESSIONS = """
CREATE TABLE sessions (
    merchant_id bigint NOT NULL,
    user_id bigint NOT NULL,
    token_id text COLLATE "C" NOT NULL,
    as_of timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    address text COLLATE "C" NOT NULL,
    user_agent text NOT NULL,
    way text COLLATE "C" NOT NULL CHECK (way IN ('password', 'two-factor', 'provider')),
    PRIMARY KEY (merchant_id, user_id, token_id)
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
"""

# `secret` is encrypted with the key that `key_id` names. `last_step` is the step of the last code
# that was used: no code works twice.
TWO_FACTOR = """
CREATE TABLE second_factors (
    merchant_id bigint NOT NULL,
    user_id bigint NOT NULL,
    secret bytea NOT NULL,
    key_id bytea NOT NULL,
    created_at timestamptz NOT NULL,
    last_step bigint NOT NULL,
    PRIMARY KEY (merchant_id, user_id)
);
CREATE INDEX second_factors_by_key ON second_factors (key_id);

CREATE TABLE recovery_codes (
    merchant_id bigint NOT NULL,
    user_id bigint NOT NULL,
    code_hash bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (merchant_id, user_id, code_hash)
);
"""

# The previous constraint held for the existing rows, so they need no check.
HISTORY = """
ALTER TABLE history DROP CONSTRAINT history_subject_check;
ALTER TABLE history ADD CONSTRAINT history_subject_check
    CHECK (subject IN (
        'promotion', 'subscription promotion', 'user', 'API key',
        'webhook', 'settings', 'sign-in', 'export', 'retention'
    )) NOT VALID;
"""

SIZE = text("SELECT pg_table_size(to_regclass(:name))")


def upgrade() -> None:
    """Add the columns and tables, and the indexes if that takes no time."""
    for statements in (SETTINGS, SESSIONS, TWO_FACTOR, HISTORY):
        op.execute(statements)
    for name in AUDIT_INDEXES:
        size = op.get_bind().scalar(SIZE, {"name": table_of(name)})
        if size < indexes_while_serving.SMALL_TABLE:
            op.execute(create_statement(name))
