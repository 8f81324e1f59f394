"""Cart promotions, their limits, the customers and requests of orders, and tags of products.

It only adds, so the previous version may serve meanwhile. That version does not know the type
`cart`: create cart promotions only when every program has this version (`docs/operations.md`).
"""

from alembic import op

revision = "0014"
down_revision = "0013"

# One sequence of ids and one table of codes serve both kinds of promotion, so a cart promotion is a
# row of `promotions` and one with its terms.
PROMOTIONS = """
ALTER TABLE promotions DROP CONSTRAINT promotions_type_check;
ALTER TABLE promotions ADD CONSTRAINT promotions_type_check
    CHECK (type IN ('coupon', 'discount', 'cart'));

CREATE TABLE cart_promotions (
    merchant_id bigint NOT NULL,
    promotion_id bigint NOT NULL,
    target text COLLATE "C" NOT NULL CHECK (target IN ('lines', 'order', 'shipping')),
    automatic boolean NOT NULL,
    terms json NOT NULL,
    PRIMARY KEY (merchant_id, promotion_id),
    FOREIGN KEY (merchant_id, promotion_id) REFERENCES promotions
);
CREATE INDEX automatic_cart_promotions ON cart_promotions (merchant_id, promotion_id)
    WHERE automatic;

-- Another number means that another cart promotion may apply. Null: there never was one.
ALTER TABLE timeline_versions ADD COLUMN cart_version bigint;
"""

LIMITS = """
-- What the orders that count have taken of a limit that a cart promotion has. `key` is the
-- customer's id for `customer`, the currency for `budget` (minor units), and empty for `total`.
CREATE TABLE allowances (
    merchant_id bigint NOT NULL,
    promotion_id bigint NOT NULL,
    scope text COLLATE "C" NOT NULL CHECK (scope IN ('total', 'customer', 'budget')),
    key text COLLATE "C" NOT NULL,
    taken numeric NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (merchant_id, promotion_id, scope, key),
    CHECK ((scope = 'total') = (key = ''))
) WITH (fillfactor = 50);

-- An order records a cart promotion as a redemption of product 0, which no product has.
CREATE INDEX redemptions_of_cart_promotion ON redemptions (merchant_id, promotion_id)
    WHERE product_id = 0;
"""

ORDERS = """
-- `request` is the order as it was sent, by value; null in older orders. `is_first` says that a
-- promotion for first orders applies. `gave_back_at` is set once a deleted order has given back
-- what its cart promotions took.
ALTER TABLE orders ADD COLUMN request json, ADD COLUMN customer_id text COLLATE "C",
    ADD COLUMN is_first boolean NOT NULL DEFAULT false, ADD COLUMN gave_back_at timestamptz,
    ADD CHECK (customer_id IS NOT NULL OR NOT is_first);
CREATE INDEX orders_of_customer ON orders (merchant_id, customer_id)
    WHERE customer_id IS NOT NULL AND status <> 'deleted';
CREATE UNIQUE INDEX first_orders ON orders (merchant_id, customer_id)
    WHERE is_first AND status <> 'deleted';
"""

PRODUCTS = """
ALTER TABLE products ADD COLUMN tags text[] COLLATE "C" NOT NULL DEFAULT '{}';
"""


def upgrade() -> None:
    """Add the tables and columns."""
    for statements in (PROMOTIONS, LIMITS, ORDERS, PRODUCTS):
        op.execute(statements)
