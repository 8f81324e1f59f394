"""Events: the outbox, the stream of each merchant, webhooks and their deliveries.

It only adds, so the previous version may serve meanwhile. That version records no events: start
recording only when every program has this version (`docs/events.md`).
"""

from alembic import op

revision = "0016"
down_revision = "0015"

# No merchant records events yet, so the new columns cost the statements of a checkout nothing.
RECORDING = """
ALTER TABLE timeline_versions ADD COLUMN records_events boolean NOT NULL DEFAULT false;
CREATE INDEX merchants_with_events ON timeline_versions (merchant_id) WHERE records_events;

-- What was last told of a promotion: 0 not running, 1 running, 2 over.
ALTER TABLE promotions ADD COLUMN told_phase smallint NOT NULL DEFAULT 0;
CREATE INDEX promotions_to_start ON promotions (merchant_id, starts_at)
    WHERE told_phase = 0 AND active AND deleted_at IS NULL;
CREATE INDEX promotions_to_end ON promotions (merchant_id, ends_at) WHERE told_phase = 1;

ALTER TABLE subscription_promotions ADD COLUMN told_phase smallint NOT NULL DEFAULT 0;
CREATE INDEX subscription_promotions_to_start ON subscription_promotions (merchant_id, starts_at)
    WHERE told_phase = 0 AND enabled AND archived_at IS NULL;
CREATE INDEX subscription_promotions_to_end ON subscription_promotions (merchant_id, ends_at)
    WHERE told_phase = 1;
"""

EVENTS = """
-- What happened and has no position yet. It is written by the transaction that did it. `subject` is
-- the promotion as it was then; null for an order, whose outcome never changes.
CREATE TABLE event_outbox (
    merchant_id bigint NOT NULL,
    outbox_id bigint GENERATED ALWAYS AS IDENTITY,
    type text COLLATE "C" NOT NULL,
    object text COLLATE "C" NOT NULL,              -- such as `order A-1` or `promotion 36`
    occurred_at timestamptz NOT NULL,
    subject json,
    data json,
    PRIMARY KEY (merchant_id, outbox_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE event_streams (
    merchant_id bigint PRIMARY KEY REFERENCES merchants,
    last_position bigint NOT NULL DEFAULT 0
);

-- Nothing changes an event. Positions have no gaps, except before the oldest event that is kept.
CREATE TABLE events (
    merchant_id bigint NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL DEFAULT gen_random_uuid(),
    type text COLLATE "C" NOT NULL,
    object text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    data json NOT NULL,
    PRIMARY KEY (merchant_id, position)
);
CREATE INDEX events_by_time ON events (merchant_id, recorded_at);

-- Limits of a promotion that were told as reached: `total`, `codes` or `budget EUR`. A row is gone
-- once the limit is not reached any more.
CREATE TABLE reached_limits (
    merchant_id bigint NOT NULL,
    promotion_id bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (merchant_id, promotion_id, name)
);
"""

WEBHOOKS = """
-- `types` are the events that it is told; empty: all. `failures` are those in a row.
CREATE TABLE webhooks (
    merchant_id bigint NOT NULL REFERENCES merchants,
    webhook_id bigint GENERATED ALWAYS AS IDENTITY,
    url text NOT NULL,
    description text NOT NULL,
    types text[] COLLATE "C" NOT NULL,
    enabled boolean NOT NULL,
    secret text NOT NULL,
    previous_secret text,
    previous_until timestamptz,
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    paused_until timestamptz,
    disabled_because text COLLATE "C" CHECK (disabled_because IN ('failing', 'gone')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, webhook_id),
    CHECK ((previous_secret IS NULL) = (previous_until IS NULL)),
    CHECK (disabled_because IS NULL OR NOT enabled)
) WITH (fillfactor = 70);

-- `position` is null for a test. Until `leased_until` the worker that claimed it is sending it.
CREATE TABLE deliveries (
    merchant_id bigint NOT NULL,
    delivery_id bigint GENERATED ALWAYS AS IDENTITY,
    webhook_id bigint NOT NULL,
    position bigint,
    type text COLLATE "C" NOT NULL,
    object text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts smallint NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    leased_until timestamptz,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (merchant_id, delivery_id),
    CHECK ((state = 'waiting') = (finished_at IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX deliveries_due ON deliveries (merchant_id, webhook_id, due_at)
    WHERE state = 'waiting';
CREATE INDEX deliveries_in_order ON deliveries (merchant_id, webhook_id, object, delivery_id)
    WHERE state = 'waiting';
CREATE INDEX deliveries_of_webhook ON deliveries (merchant_id, webhook_id, delivery_id);
CREATE INDEX dead_deliveries ON deliveries (merchant_id, webhook_id, delivery_id)
    WHERE state = 'dead';
CREATE INDEX deliveries_by_age ON deliveries (merchant_id, created_at);

CREATE TABLE delivery_attempts (
    merchant_id bigint NOT NULL,
    delivery_id bigint NOT NULL,
    number smallint NOT NULL,
    started_at timestamptz NOT NULL,
    milliseconds integer NOT NULL,
    status smallint,                               -- null: no answer
    failure text,
    answer text NOT NULL,                          -- the beginning of it
    PRIMARY KEY (merchant_id, delivery_id, number)
);
"""


def upgrade() -> None:
    """Add the columns and the tables."""
    for statements in (RECORDING, EVENTS, WEBHOOKS):
        op.execute(statements)
