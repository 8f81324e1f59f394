"""What ends sessions and tokens, where users sign in from, and user names by merchant.

Old programs serve on this schema, but cannot create users: their statement needs names that are
unique among all merchants, which this removes. Everything else is only added.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

STATEMENTS = """
ALTER TABLE users DROP CONSTRAINT users_username_key;
CREATE UNIQUE INDEX users_by_name ON users (username, merchant_id);

-- One row. Tokens carry its number; another number ends all tokens. Tokens of programs that did
-- not know it carry none, which counts as zero.
CREATE TABLE token_epoch (
    epoch bigint NOT NULL,
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
INSERT INTO token_epoch (epoch) VALUES (0);

-- Tokens that were ended before they expired, by the id that they carry.
CREATE TABLE ended_tokens (
    merchant_id bigint NOT NULL,
    user_id bigint NOT NULL,
    token_id text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, user_id, token_id)
);
CREATE INDEX ended_tokens_by_expiry ON ended_tokens (expires_at);

-- From where users signed in recently; `place` is a hash of the address.
CREATE TABLE known_places (
    merchant_id bigint NOT NULL,
    user_id bigint NOT NULL,
    place bytea NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, user_id, place)
);
CREATE INDEX known_places_by_time ON known_places (seen_at);
"""


def upgrade() -> None:
    """Change the names' key and create the tables."""
    op.execute(STATEMENTS)
