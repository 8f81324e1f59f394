"""Subscription promotions with their versions, applications and usage; Idempotency-Keys."""

from alembic import op

revision = "0002"
down_revision = "0001"

PROMOTIONS = """
-- `usage` counts what was applied while there was a `max_usage`; the rest is in the slots below.
CREATE TABLE subscription_promotions (
    merchant_id bigint NOT NULL REFERENCES merchants,
    promotion_id bigint GENERATED ALWAYS AS IDENTITY,
    version integer NOT NULL,                      -- of the code and the rules
    code text NOT NULL,
    code_key text COLLATE "C" NOT NULL,
    name text NOT NULL,
    name_folded text COLLATE "C" NOT NULL,
    description text,
    enabled boolean NOT NULL,
    starts_at timestamptz,                         -- included, as is the end; null: none
    ends_at timestamptz,
    max_usage bigint,                              -- null: any number of times
    new_only boolean NOT NULL,
    type_ids text[] NOT NULL,                      -- empty: all
    meta json NOT NULL,
    usage bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    archived_at timestamptz,
    PRIMARY KEY (merchant_id, promotion_id),
    CHECK (usage <= max_usage)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX subscription_promotions_by_code
    ON subscription_promotions (merchant_id, code_key) WHERE archived_at IS NULL;

-- Every version of a promotion's code and rules; nothing changes a row.
CREATE TABLE subscription_versions (
    merchant_id bigint NOT NULL,
    promotion_id bigint NOT NULL,
    version integer NOT NULL,
    code_key text COLLATE "C" NOT NULL,
    rules json NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, promotion_id, version),
    FOREIGN KEY (merchant_id, promotion_id) REFERENCES subscription_promotions
);
CREATE INDEX subscription_versions_by_code
    ON subscription_versions (merchant_id, code_key, promotion_id);

-- A code that was applied to a subscription, and the version that the subscription got.
CREATE TABLE subscription_applications (
    merchant_id bigint NOT NULL,
    application_id text COLLATE "C" NOT NULL,
    promotion_id bigint NOT NULL,
    version integer NOT NULL,
    code_key text COLLATE "C" NOT NULL,
    subscription_type_id text NOT NULL,
    subscription_created_at timestamptz,
    applied_by bigint NOT NULL,                    -- a user
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, application_id)
);

-- How often a promotion without a limit was applied. Concurrent applications write rows of
-- different slots, so that none waits for another.
CREATE TABLE subscription_usage (
    merchant_id bigint NOT NULL,
    promotion_id bigint NOT NULL,
    slot smallint NOT NULL,
    uses bigint NOT NULL,
    PRIMARY KEY (merchant_id, promotion_id, slot)
) WITH (fillfactor = 50);
"""

KEYS = """
-- Requests that changed something, by their Idempotency-Key, with what they were answered. Status
-- and answer are null only while the request runs, in its own transaction.
CREATE TABLE idempotency_keys (
    merchant_id bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint,
    answer bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (merchant_id, created_at);
"""


def upgrade() -> None:
    """Create the tables."""
    for statements in (PROMOTIONS, KEYS):
        op.execute(statements)
