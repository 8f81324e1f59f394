"""Merchants, users, products, promotions, codes, picks, orders and their counts.

Every table but the lists of merchants and users has merchant_id first in its key, so that the
database can be distributed by merchant. Texts that are compared by the database are compared byte
by byte (collation "C"): the domain folds case.
"""

from alembic import op

revision = "0001"
down_revision = None

PEOPLE = """
CREATE TABLE merchants (
    merchant_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
    user_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    merchant_id bigint NOT NULL REFERENCES merchants,
    username text COLLATE "C" NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('admin', 'manager', 'viewer', 'checkout')),
    password_hash text NOT NULL,
    disabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);
-- Workers ask every few seconds who changed recently.
CREATE INDEX users_by_change ON users (changed_at);

-- One row an attempt and subject that failed or is still running; `subject` stands for a user's
-- name or an address.
CREATE TABLE sign_in_failures (
    subject text COLLATE "C" NOT NULL,
    failure_id bigint GENERATED ALWAYS AS IDENTITY,
    failed_at timestamptz NOT NULL,
    under_way boolean NOT NULL,
    PRIMARY KEY (subject, failure_id)
);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (failed_at);
"""

PRODUCTS = """
CREATE TABLE products (
    merchant_id bigint NOT NULL REFERENCES merchants,
    product_id bigint NOT NULL CHECK (product_id > 0),
    name text NOT NULL,
    name_folded text COLLATE "C" NOT NULL,
    price bigint NOT NULL CHECK (price >= 0),      -- minor units
    currency text COLLATE "C" NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (merchant_id, product_id)
);
"""

PROMOTIONS = """
CREATE TABLE promotions (
    merchant_id bigint NOT NULL REFERENCES merchants,
    promotion_id bigint GENERATED ALWAYS AS IDENTITY,
    type text NOT NULL CHECK (type IN ('coupon', 'discount')),
    name text NOT NULL,
    name_folded text COLLATE "C" NOT NULL,
    active boolean NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,                           -- included; null: no end
    code_type text CHECK (code_type IN ('one-time', 'reusable')),
    covers_all boolean NOT NULL,
    percent bigint,                                -- millionths of a percent; null: own percents
    had_codes boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (merchant_id, promotion_id),
    CHECK (percent BETWEEN 1 AND 100000000),
    CHECK (percent IS NOT NULL OR NOT covers_all)
);
CREATE INDEX promotions_by_update ON promotions (merchant_id, updated_at)
    WHERE deleted_at IS NULL;

-- The products that a promotion names; `percent` only where each has its own.
CREATE TABLE promotion_products (
    merchant_id bigint NOT NULL,
    promotion_id bigint NOT NULL,
    product_id bigint NOT NULL,
    position bigint NOT NULL,
    percent bigint CHECK (percent BETWEEN 1 AND 100000000),
    PRIMARY KEY (merchant_id, promotion_id, product_id),
    FOREIGN KEY (merchant_id, promotion_id) REFERENCES promotions
);
CREATE INDEX promotions_of_product ON promotion_products (merchant_id, product_id, promotion_id);

-- `used_by` is the order that used the code up while it was one-time.
CREATE TABLE codes (
    merchant_id bigint NOT NULL,
    code_id bigint GENERATED ALWAYS AS IDENTITY,
    promotion_id bigint NOT NULL,
    code text NOT NULL,
    code_key text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    used_by text COLLATE "C",
    used_at timestamptz,
    removed_at timestamptz,
    PRIMARY KEY (merchant_id, code_id),
    FOREIGN KEY (merchant_id, promotion_id) REFERENCES promotions,
    CHECK ((used_by IS NULL) = (used_at IS NULL))
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX codes_by_key ON codes (merchant_id, code_key, promotion_id)
    WHERE removed_at IS NULL;
CREATE INDEX codes_of_promotion ON codes (merchant_id, promotion_id, position)
    WHERE removed_at IS NULL;

-- The timeline of the automatic promotions: which one is picked for a product from one instant
-- (included) to another (excluded; null: for ever). Product 0 stands for all products. Spans of a
-- product do not overlap; the writes to promotions keep them.
CREATE TABLE automatic_picks (
    merchant_id bigint NOT NULL,
    product_id bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    promotion_id bigint NOT NULL,
    percent bigint NOT NULL,
    PRIMARY KEY (merchant_id, product_id, starts_at)
);
"""

ORDERS = """
-- `outcome` is the order as it was priced, by value; nothing changes it. `replaced_by` is the order
-- that took this one's place.
CREATE TABLE orders (
    merchant_id bigint NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    status text NOT NULL CHECK (status IN ('not paid', 'paid', 'deleted')),
    replaces text COLLATE "C",
    replaced_by text COLLATE "C",
    created_at timestamptz NOT NULL,
    outcome json NOT NULL,
    PRIMARY KEY (merchant_id, order_id)
);

CREATE TABLE redemptions (
    merchant_id bigint NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    product_id bigint NOT NULL,
    promotion_id bigint NOT NULL,
    code_id bigint NOT NULL,                       -- 0: automatic
    code_type text NOT NULL CHECK (code_type IN ('one-time', 'reusable', 'none')),
    applied boolean NOT NULL,
    discount numeric NOT NULL,                     -- minor units of the order's currency
    PRIMARY KEY (merchant_id, order_id, product_id, promotion_id)
);

-- What the redemptions add up to. Concurrent orders write rows of different slots, so that none
-- waits for another.
CREATE TABLE redemption_counts (
    merchant_id bigint NOT NULL,
    promotion_id bigint NOT NULL,
    code_id bigint NOT NULL,
    code_type text COLLATE "C" NOT NULL,
    applied boolean NOT NULL,
    currency text COLLATE "C" NOT NULL,
    day date NOT NULL,
    slot smallint NOT NULL,
    uses bigint NOT NULL,
    discount numeric NOT NULL,                     -- numeric: the largest cart passes a bigint
    PRIMARY KEY (merchant_id, promotion_id, code_id, code_type, applied, currency, day, slot)
) WITH (fillfactor = 50);
"""


def upgrade() -> None:
    """Create the tables."""
    for statements in (PEOPLE, PRODUCTS, PROMOTIONS, ORDERS):
        op.execute(statements)
