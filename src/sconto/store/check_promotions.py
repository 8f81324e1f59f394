"""Promises about promotions: their codes, their limits, and the indexes that make ids unique."""

from typing import Final

_CODES: Final = """
SELECT merchant_id, format('promotion %s has code %L %s times', promotion_id, code_key, count(*))
    AS words
FROM codes
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND removed_at IS NULL
GROUP BY merchant_id, promotion_id, code_key
HAVING count(*) > 1
UNION ALL
SELECT merchant_id, format('promotion %s has codes, and is %s', promotion_id,
    CASE WHEN min(deleted_at) IS NULL THEN 'automatic' ELSE 'deleted' END)
FROM codes LEFT JOIN promotions USING (merchant_id, promotion_id)
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND removed_at IS NULL
  AND ((type = 'coupon' OR (type = 'cart' AND code_type IS NOT NULL)) IS NOT TRUE
       OR deleted_at IS NOT NULL)
  AND NOT EXISTS (
    SELECT FROM code_sweeps AS sweep
    WHERE deleted_at IS NOT NULL AND sweep.merchant_id = codes.merchant_id
      AND sweep.promotion_id = codes.promotion_id
  )
GROUP BY merchant_id, promotion_id
LIMIT $2
"""

_REDEEMED_CODES: Final = """
SELECT merchant_id, format('order %L redeemed code %s of promotion %s, which never had it',
    order_id, code_id, redemptions.promotion_id) AS words
FROM redemptions LEFT JOIN codes USING (merchant_id, code_id)
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND code_id <> 0
  AND codes.promotion_id IS DISTINCT FROM redemptions.promotion_id
LIMIT $2
"""

_SUBSCRIPTION_USAGE: Final = """
WITH applications AS (
    SELECT merchant_id, promotion_id, count(*) AS times
    FROM subscription_applications
    WHERE $1::bigint IS NULL OR merchant_id = $1
    GROUP BY 1, 2
), slots AS (
    SELECT merchant_id, promotion_id, sum(uses) AS uses
    FROM subscription_usage
    WHERE $1::bigint IS NULL OR merchant_id = $1
    GROUP BY 1, 2
)
SELECT merchant_id, format('subscription promotion %s was applied %s times, and %s are counted%s',
    promotion_id, coalesce(times, 0), coalesce(usage, 0) + coalesce(uses, 0),
    CASE WHEN usage > max_usage THEN format(', above its limit of %s', max_usage) ELSE '' END)
    AS words
FROM (SELECT * FROM subscription_promotions WHERE $1::bigint IS NULL OR merchant_id = $1)
    AS promotion
FULL JOIN applications USING (merchant_id, promotion_id)
FULL JOIN slots USING (merchant_id, promotion_id)
WHERE coalesce(times, 0) <> coalesce(usage, 0) + coalesce(uses, 0) OR usage > max_usage
LIMIT $2
"""

_SUBSCRIPTION_VERSIONS: Final = """
SELECT merchant_id, format('application %L names version %s of subscription promotion %s, which is'
    ' not kept', application_id, version, promotion_id) AS words
FROM subscription_applications LEFT JOIN subscription_versions AS kept
    USING (merchant_id, promotion_id, version)
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND kept.rules IS NULL
UNION ALL
SELECT merchant_id, format('%s subscription promotions have the code %L', count(*), code_key)
FROM subscription_promotions
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND archived_at IS NULL
GROUP BY merchant_id, code_key
HAVING count(*) > 1
LIMIT $2
"""

# These indexes make duplicates impossible. A restore that failed half-way leaves tables without
# them.
_INDEXES: Final = """
SELECT 0::bigint AS merchant_id, format('no index makes %s of %s unique', columns, name) AS words
FROM (VALUES
    ('merchants', 'merchant_id', false),
    ('users', 'username, merchant_id', false),
    ('products', 'merchant_id, product_id', false),
    ('promotions', 'merchant_id, promotion_id', false),
    ('promotion_products', 'merchant_id, promotion_id, product_id', false),
    ('codes', 'merchant_id, code_id', false),
    ('codes', 'merchant_id, code_key, promotion_id', true),
    ('timeline_versions', 'merchant_id', false),
    ('automatic_picks', 'merchant_id, product_id, starts_at', false),
    ('crowded_codes', 'merchant_id, code_key', false),
    ('code_picks', 'merchant_id, code_key, by_percent, product_id, starts_at', false),
    ('orders', 'merchant_id, order_id', false),
    ('orders', 'merchant_id, customer_id', true),
    ('returns', 'merchant_id, order_id, number', false),
    ('returns', 'merchant_id, order_id, return_id', false),
    ('cart_promotions', 'merchant_id, promotion_id', false),
    ('allowances', 'merchant_id, promotion_id, scope, key', false),
    ('holds', 'merchant_id, order_id', false),
    ('held_allowances', 'merchant_id, promotion_id, scope, key, order_id', false),
    ('redemptions', 'merchant_id, order_id, product_id, promotion_id', false),
    ('redemption_counts',
     'merchant_id, promotion_id, code_id, code_type, applied, currency, day, slot', false),
    ('subscription_promotions', 'merchant_id, code_key', true),
    ('subscription_applications', 'merchant_id, application_id', false),
    ('subscription_usage', 'merchant_id, promotion_id, slot', false),
    ('idempotency_keys', 'merchant_id, key', false),
    ('event_streams', 'merchant_id', false),
    ('events', 'merchant_id, position', false),
    ('reached_limits', 'merchant_id, promotion_id, name', false)
) AS needed (name, columns, partial)
WHERE $1::bigint IS DISTINCT FROM 0 AND NOT EXISTS (
    SELECT FROM pg_index
    WHERE indrelid = to_regclass(needed.name) AND indisunique AND indisvalid
      AND (indpred IS NOT NULL) = needed.partial
      AND needed.columns = (
          SELECT string_agg(attname, ', ' ORDER BY place)
          FROM unnest(indkey::smallint[]) WITH ORDINALITY AS part (number, place)
          JOIN pg_attribute ON attrelid = indrelid AND attnum = part.number))
LIMIT $2
"""

PROMOTION_CHECKS: Final = (
    ("A promotion has each of its codes once, and only while it takes codes", _CODES),
    ("A redeemed code is one of its promotion's", _REDEEMED_CODES),
    ("Subscription codes are counted as often as applied, within the limit", _SUBSCRIPTION_USAGE),
    ("Every version that was applied is kept; a code has one promotion", _SUBSCRIPTION_VERSIONS),
    ("Everything that must be unique has an index that makes it so", _INDEXES),
)
