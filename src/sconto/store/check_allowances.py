"""Promises about the limits of cart promotions, and about orders that gave back what they took."""

from typing import Final

# A promotion has allowances for the limits that it has (`allowances`). If an outcome names its
# decimals, stored discounts are in whole units (`stored_amounts`).
_TAKEN: Final = """
WITH counting AS (
    SELECT merchant_id, promotion_id, customer_id, outcome->>'currency' AS currency,
           discount * 10 ^ coalesce((outcome->>'decimals')::numeric, 0) AS discount
    FROM redemptions JOIN orders USING (merchant_id, order_id)
    WHERE ($1::bigint IS NULL OR merchant_id = $1) AND product_id = 0 AND gave_back_at IS NULL
), limited AS (
    SELECT merchant_id, promotion_id, terms->'limits' AS limits
    FROM cart_promotions
    WHERE $1::bigint IS NULL OR merchant_id = $1
), took AS (
    SELECT merchant_id, promotion_id, 'total' AS scope, '' AS key, count(*)::numeric AS taken
    FROM counting JOIN limited USING (merchant_id, promotion_id)
    WHERE limits->'total' IS NOT NULL
    GROUP BY 1, 2
    UNION ALL
    SELECT merchant_id, promotion_id, 'customer', customer_id, count(*)
    FROM counting JOIN limited USING (merchant_id, promotion_id)
    WHERE limits->'per_customer' IS NOT NULL AND customer_id IS NOT NULL
    GROUP BY 1, 2, 4
    UNION ALL
    SELECT merchant_id, promotion_id, 'budget', currency, sum(discount)
    FROM counting JOIN limited USING (merchant_id, promotion_id)
    WHERE limits->'budget' IS NOT NULL
    GROUP BY 1, 2, 4
    UNION ALL
    SELECT merchant_id, promotion_id, scope, key, taken
    FROM purged_allowances JOIN limited USING (merchant_id, promotion_id)
    WHERE limits->CASE scope WHEN 'customer' THEN 'per_customer' ELSE scope END IS NOT NULL
), expected AS (
    SELECT merchant_id, promotion_id, scope, key, sum(taken) AS taken
    FROM took
    GROUP BY 1, 2, 3, 4
), kept AS (
    SELECT merchant_id, promotion_id, scope, key, taken
    FROM allowances
    WHERE ($1::bigint IS NULL OR merchant_id = $1) AND taken <> 0
)
SELECT merchant_id, format('cart promotion %s, %s %s: orders took %s, %s is kept', promotion_id,
    scope, key, coalesce(expected.taken, 0), coalesce(kept.taken, 0)) AS words
FROM expected
FULL JOIN kept USING (merchant_id, promotion_id, scope, key)
WHERE coalesce(expected.taken, 0) <> coalesce(kept.taken, 0)
LIMIT $2
"""

_GAVE_BACK: Final = """
SELECT merchant_id, format('order %L gave back what it took, and is %s', order_id, status) AS words
FROM orders
WHERE ($1::bigint IS NULL OR merchant_id = $1)
  AND gave_back_at IS NOT NULL AND status <> 'deleted'
UNION ALL
SELECT DISTINCT merchant_id, format('order %L is deleted, and its cart promotions are not given'
    ' back', order_id)
FROM orders JOIN redemptions USING (merchant_id, order_id)
WHERE ($1::bigint IS NULL OR merchant_id = $1)
  AND product_id = 0 AND gave_back_at IS NULL AND status = 'deleted'
LIMIT $2
"""

ALLOWANCE_CHECKS: Final = (
    ("Allowances are what the orders that count took", _TAKEN),
    ("Deleted orders gave back what their cart promotions took", _GAVE_BACK),
)
