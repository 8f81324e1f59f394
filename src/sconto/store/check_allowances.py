"""Promises about cart promotions: their limits, what orders took of them and gave back."""

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
    SELECT merchant_id, promotion_id, scope, key, sum(taken) AS taken
    FROM allowances
    WHERE $1::bigint IS NULL OR merchant_id = $1
    GROUP BY 1, 2, 3, 4
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

# The customer's first order may be deleted, and then another one may be the first.
_FIRST_ORDERS: Final = """
SELECT merchant_id, format('customer %L has %s first orders', customer_id, count(*)) AS words
FROM orders
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND is_first AND status <> 'deleted'
GROUP BY merchant_id, customer_id
HAVING count(*) > 1
UNION ALL
SELECT merchant_id, format('order %L is a first order, and no cart promotion applies to it',
    order_id)
FROM orders
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND is_first AND NOT EXISTS (
    SELECT FROM redemptions
    WHERE redemptions.merchant_id = orders.merchant_id AND product_id = 0
      AND redemptions.order_id = orders.order_id
)
UNION ALL
SELECT merchant_id, format('order %L was sent for customer %s, and is stored for %s', order_id,
    coalesce(quote_literal(request->'customer'->>'id'), 'nobody'),
    coalesce(quote_literal(customer_id), 'nobody'))
FROM orders
WHERE ($1::bigint IS NULL OR merchant_id = $1)
  AND request IS NOT NULL AND request->'customer'->>'id' IS DISTINCT FROM customer_id
LIMIT $2
"""

_TAKEN_OFF: Final = """
WITH cart AS (
    SELECT merchant_id, order_id, outcome
    FROM orders
    WHERE ($1::bigint IS NULL OR merchant_id = $1) AND outcome->'cart_promotions' IS NOT NULL
), listed AS (
    SELECT merchant_id, order_id, one->>'target' AS target, one->>'promotion_id' AS promotion_id,
           (one->>'discount')::numeric AS discount
    FROM cart CROSS JOIN LATERAL json_array_elements(outcome->'cart_promotions') AS one
    WHERE one->'reasons' IS NULL
), off_lines AS (
    SELECT merchant_id, order_id, one->>'target' AS target, one->>'promotion_id' AS promotion_id,
           sum((one->>'discount')::numeric) AS discount
    FROM cart
    CROSS JOIN LATERAL json_array_elements(outcome->'lines') AS line
    CROSS JOIN LATERAL json_array_elements(coalesce(line->'adjustments', '[]')) AS one
    GROUP BY 1, 2, 3, 4
), off_shipping AS (
    SELECT merchant_id, order_id, (outcome->'shipping'->>'discount')::numeric AS discount FROM cart
)
SELECT merchant_id, format('order %L: cart promotion %s took %s off its lines, and %s is listed',
    order_id, promotion_id, coalesce(off_lines.discount, 0), coalesce(listed.discount, 0)) AS words
FROM off_lines
FULL JOIN (SELECT * FROM listed WHERE target <> 'shipping') AS listed
    USING (merchant_id, order_id, target, promotion_id)
WHERE coalesce(off_lines.discount, 0) <> coalesce(listed.discount, 0)
UNION ALL
SELECT merchant_id, format('order %L: cart promotions took %s off shipping, and %s is listed',
    order_id, coalesce(off_shipping.discount, 0), sum(coalesce(listed.discount, 0)))
FROM off_shipping
LEFT JOIN (SELECT * FROM listed WHERE target = 'shipping') AS listed USING (merchant_id, order_id)
GROUP BY merchant_id, order_id, off_shipping.discount
HAVING coalesce(off_shipping.discount, 0) <> sum(coalesce(listed.discount, 0))
LIMIT $2
"""

ALLOWANCE_CHECKS: Final = (
    ("Allowances are what the orders that count took", _TAKEN),
    ("Deleted orders gave back what their cart promotions took", _GAVE_BACK),
    ("A customer has one first order, and an order the customer it was sent for", _FIRST_ORDERS),
    ("Cart promotions took off lines and shipping what the order says", _TAKEN_OFF),
)
