"""API keys, links that set a password, and users who sign in by OpenID Connect.

It only adds, so the previous version may serve meanwhile. That version refuses API keys like every
unknown token.
"""

from alembic import op

revision = "0015"
down_revision = "0014"

API_KEYS = """
-- `key_hash` is the SHA-256 of the key, and `prefix` its first characters; the key is not stored.
-- Workers ask every few seconds which keys changed.
CREATE TABLE api_keys (
    merchant_id bigint NOT NULL REFERENCES merchants,
    key_id bigint GENERATED ALWAYS AS IDENTITY,
    name text COLLATE "C" NOT NULL,
    role text NOT NULL CHECK (role IN ('admin', 'manager', 'viewer', 'checkout')),
    key_hash bytea NOT NULL,
    prefix text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text COLLATE "C",                   -- null: the command line
    expires_at timestamptz,
    revoked_at timestamptz,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_used_at timestamptz,
    PRIMARY KEY (merchant_id, key_id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX api_keys_by_name ON api_keys (merchant_id, name) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_by_change ON api_keys (changed_at);

-- The previous constraint held for the older rows, so they need no check.
ALTER TABLE history DROP CONSTRAINT history_subject_check;
ALTER TABLE history ADD CONSTRAINT history_subject_check
    CHECK (subject IN ('promotion', 'subscription promotion', 'user', 'API key')) NOT VALID;
"""

LINKS = """
ALTER TABLE users ADD COLUMN email text COLLATE "C";
CREATE UNIQUE INDEX users_by_email ON users (merchant_id, email) WHERE email IS NOT NULL;

-- The one open link of a user that sets a password. Using it deletes the row.
CREATE TABLE password_links (
    merchant_id bigint NOT NULL,
    user_id bigint NOT NULL,
    token_hash bytea NOT NULL,
    purpose text COLLATE "C" NOT NULL CHECK (purpose IN ('invitation', 'reset')),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, user_id)
);
"""

IDENTITIES = """
-- Who a user is at an OpenID Connect provider.
CREATE TABLE user_identities (
    merchant_id bigint NOT NULL,
    issuer text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    user_id bigint NOT NULL,
    PRIMARY KEY (merchant_id, issuer, subject)
);
"""


def upgrade() -> None:
    """Add the tables and columns."""
    for statements in (API_KEYS, LINKS, IDENTITIES):
        op.execute(statements)
