"""The statements of a back-test's reads (`backtest_reads`), all of one merchant ($1).

As in `candidate_statements`, each list comes from index look-ups, and LIMIT and OFFSET 0 keep the
planner from joins that would read a whole table.
"""

from typing import Final

from sconto.domain.redemption import CART_PRODUCT_ID
from sconto.store.coverage import promotions_naming
from sconto.store.past_customers import HAS_PAST_ORDER
from sconto.store.period_sql import ends_after, instant_sql
from sconto.store.subscription_rules import READ_RULES as _RULES_OF_CART

COUNT_ORDERS: Final = """
SELECT count(*) FROM orders WHERE merchant_id = $1 AND created_at >= $2 AND created_at < $3
"""

READ_ORDERS: Final = f"""
SELECT order_id, created_at, status = 'deleted' AS is_deleted,
       CASE WHEN status <> 'deleted' THEN request END AS request,
       $6 AND status <> 'deleted' AND customer_id IS NOT NULL AND (
           EXISTS (
               SELECT FROM orders AS earlier
               WHERE earlier.merchant_id = $1 AND earlier.customer_id = placed.customer_id
                   AND earlier.status <> 'deleted'
                   AND (earlier.created_at, earlier.order_id)
                       < (placed.created_at, placed.order_id)
           ) OR {HAS_PAST_ORDER.format(customer="placed.customer_id")}
       ) AS has_ordered
FROM (
    SELECT order_id, created_at, status, request, customer_id
    FROM orders
    WHERE merchant_id = $1 AND (created_at, order_id) > ($2, $3) AND created_at < $4
    ORDER BY created_at, order_id
    LIMIT $5
) AS placed
ORDER BY created_at, order_id
"""  # noqa: S608  # of our own constants

READ_VERSION: Final = "SELECT price_version FROM timeline_versions WHERE merchant_id = $1"

HAS_FIRST_ORDERS: Final = """
SELECT EXISTS (
    SELECT FROM cart_promotions
    WHERE merchant_id = $1 AND terms -> 'conditions' ->> 'first_order' = 'true'
)
"""

READ_PRODUCTS: Final = f"""
SELECT json_agg(json_build_object(
    'product_id', wanted.product_id,
    'known', product.tags IS NOT NULL,
    'tags', coalesce(product.tags, '{{}}'),
    'picks', ARRAY(
        SELECT json_build_array({instant_sql("starts_at")}, {instant_sql("ends_at")},
            json_build_object('promotion_id', promotion_id, 'percent', percent))
        FROM automatic_picks
        WHERE merchant_id = $1 AND automatic_picks.product_id = wanted.product_id
            AND starts_at < $4 AND (ends_at IS NULL OR ends_at > $3)
        ORDER BY starts_at
    )))
FROM unnest($2::bigint[]) AS wanted (product_id)
LEFT JOIN LATERAL (
    SELECT tags FROM products
    WHERE merchant_id = $1 AND product_id = wanted.product_id AND deleted_at IS NULL
    LIMIT 1
) AS product ON true
"""  # noqa: S608  # of our own constants

_OFFER: Final = f"""json_build_object(
        'key', code.code_key, 'code_id', code.code_id,
        'promotion_id', promotion.promotion_id, 'code_type', promotion.code_type,
        'active', promotion.active,
        'period', json_build_object(
            'starts_at', {instant_sql("promotion.starts_at")},
            'ends_at', {instant_sql("promotion.ends_at")}),
        'used_at', CASE
            WHEN code.used_at >= $4 THEN NULL
            WHEN code.used_at >= $3 AND EXISTS (
                SELECT FROM orders
                WHERE merchant_id = $1 AND order_id = code.used_by AND status <> 'deleted'
                    AND request IS NOT NULL
            ) THEN NULL
            ELSE {instant_sql("code.used_at")} END,
        'percent', CASE WHEN promotion.covers_all THEN promotion.percent END)"""

READ_CODES: Final = f"""
SELECT json_agg(json_build_object(
    'offer', {_OFFER}, 'percent', promotion.percent, 'place', code.place, 'terms', cart.terms)
    ORDER BY code.place)
FROM unnest($2::text[]) AS activated (key)
CROSS JOIN LATERAL (
    SELECT code_id, promotion_id, code_key, used_by, used_at,
           row_number() OVER (ORDER BY promotion_id) AS place
    FROM codes
    WHERE merchant_id = $1 AND code_key = activated.key AND removed_at IS NULL
    OFFSET 0
) AS code
CROSS JOIN LATERAL (
    SELECT promotion_id, type, code_type, active, starts_at, ends_at, covers_all, percent
    FROM promotions
    WHERE merchant_id = $1 AND promotion_id = code.promotion_id AND deleted_at IS NULL
    LIMIT 1
) AS promotion
LEFT JOIN LATERAL (
    SELECT terms FROM cart_promotions
    WHERE merchant_id = $1 AND promotion_id = code.promotion_id
    LIMIT 1
) AS cart ON true
WHERE promotion.type = 'coupon' OR (promotion.code_type IS NOT NULL AND cart.terms IS NOT NULL)
"""  # noqa: S608  # of our own constants

READ_AUTOMATIC: Final = f"""
SELECT json_agg(json_build_object(
    'offer', json_build_object(
        'promotion_id', promotion.promotion_id, 'active', promotion.active,
        'period', json_build_object(
            'starts_at', {instant_sql("promotion.starts_at")},
            'ends_at', {instant_sql("promotion.ends_at")})),
    'terms', cart.terms) ORDER BY cart.promotion_id)
FROM cart_promotions AS cart
CROSS JOIN LATERAL (
    SELECT promotion_id, active, starts_at, ends_at
    FROM promotions
    WHERE merchant_id = $1 AND promotion_id = cart.promotion_id
        AND active AND deleted_at IS NULL AND {ends_after("$2")} AND starts_at < $3
    LIMIT 1
) AS promotion
WHERE cart.merchant_id = $1 AND cart.automatic
"""  # noqa: S608  # of our own constants

# LIMIT keeps the planner from joining: each pair is one look-up.
READ_PERCENTS: Final = """
SELECT wanted.promotion_id, wanted.product_id, named.percent
FROM unnest($2::bigint[], $3::bigint[]) AS wanted (promotion_id, product_id)
CROSS JOIN LATERAL (
    SELECT coalesce(percent, (
        SELECT percent FROM promotions
        WHERE merchant_id = $1 AND promotion_id = wanted.promotion_id
    )) AS percent
    FROM promotion_products
    WHERE merchant_id = $1 AND promotion_id = wanted.promotion_id
        AND product_id = wanted.product_id
    LIMIT 1
) AS named
"""

# The automatic promotions except one on products (0: on all products), the latest created first.
READ_RIVALS: Final = f"""
SELECT json_agg(json_build_object(
    'product_id', wanted.product_id,
    'period', json_build_object('starts_at', {instant_sql("rival.starts_at")},
                                'ends_at', {instant_sql("rival.ends_at")}),
    'pick', json_build_object('promotion_id', rival.promotion_id, 'percent', rival.percent))
    ORDER BY rival.promotion_id DESC)
FROM unnest($2::bigint[]) AS wanted (product_id)
CROSS JOIN LATERAL (
    SELECT promotion_id, starts_at, ends_at, coalesce(own_percent, percent) AS percent
    FROM (
        SELECT promotion.*, named.percent AS own_percent
        {promotions_naming("wanted.product_id")}
        UNION ALL
        SELECT promotions.*, NULL
        FROM promotions
        WHERE merchant_id = $1 AND covers_all AND wanted.product_id = 0
    ) AS covering
    WHERE promotion_id <> $3 AND type = 'discount' AND active AND deleted_at IS NULL
        AND starts_at < $5 AND {ends_after("$4")}
) AS rival
"""  # noqa: S608  # of our own constants

READ_RULES: Final = f"""
SELECT json_agg(found.rule)
FROM (SELECT $2::text[] AS carried, $3::text[] AS applications) AS cart
CROSS JOIN LATERAL ({_RULES_OF_CART}) AS found (rule)
"""  # noqa: S608  # of our own constants

TAKEN_BEFORE: Final = f"""
SELECT 'total' AS scope, '' AS key, count(*)::numeric AS taken
FROM redemptions
JOIN orders ON orders.merchant_id = $1 AND orders.order_id = redemptions.order_id
WHERE redemptions.merchant_id = $1 AND promotion_id = $2 AND product_id = {CART_PRODUCT_ID}
    AND gave_back_at IS NULL AND created_at < $3
UNION ALL
SELECT 'budget', outcome ->> 'currency',
       trunc(sum(discount * 10 ^ coalesce((outcome ->> 'decimals')::numeric, 0)))
FROM redemptions
JOIN orders ON orders.merchant_id = $1 AND orders.order_id = redemptions.order_id
WHERE redemptions.merchant_id = $1 AND promotion_id = $2 AND product_id = {CART_PRODUCT_ID}
    AND gave_back_at IS NULL AND created_at < $3
GROUP BY outcome ->> 'currency'
UNION ALL
SELECT scope, key, taken FROM purged_allowances
WHERE merchant_id = $1 AND promotion_id = $2 AND scope <> 'customer'
"""  # noqa: S608  # of our own constants

TAKEN_BY_CUSTOMERS: Final = f"""
SELECT wanted.promotion_id, wanted.customer, (
    SELECT count(*)
    FROM orders
    JOIN redemptions ON redemptions.merchant_id = $1
        AND redemptions.order_id = orders.order_id
        AND redemptions.promotion_id = wanted.promotion_id
        AND redemptions.product_id = {CART_PRODUCT_ID}
    WHERE orders.merchant_id = $1 AND orders.customer_id = wanted.customer
        AND orders.status <> 'deleted' AND orders.created_at < $4
) + coalesce((
    SELECT taken FROM purged_allowances
    WHERE merchant_id = $1 AND promotion_id = wanted.promotion_id AND scope = 'customer'
        AND key = wanted.customer
), 0) AS taken
FROM unnest($2::bigint[], $3::text[]) AS wanted (promotion_id, customer)
"""  # noqa: S608  # of our own constants

NAMES: Final = """
SELECT promotion_id, type = 'cart' AS is_cart, name FROM promotions
WHERE merchant_id = $1 AND promotion_id = ANY ($2::bigint[])
"""

SUBSCRIPTION_NAMES: Final = """
SELECT promotion_id, name FROM subscription_promotions
WHERE merchant_id = $1 AND promotion_id = ANY ($2::bigint[])
"""
