"""Promises about holds: what is held is held once, and belongs to a hold."""

from typing import Final

# A promotion has allowances for the limits that it has. Promotion 0 stands for first orders.
_HELD: Final = """
WITH expected AS (
    SELECT merchant_id, promotion_id, scope, key, sum(amount) AS held
    FROM held_allowances
    LEFT JOIN cart_promotions USING (merchant_id, promotion_id)
    WHERE ($1::bigint IS NULL OR merchant_id = $1) AND (promotion_id = 0 OR
        terms->'limits'->CASE scope WHEN 'customer' THEN 'per_customer' ELSE scope END IS NOT NULL)
    GROUP BY 1, 2, 3, 4
), kept AS (
    SELECT merchant_id, promotion_id, scope, key, held
    FROM allowances
    WHERE ($1::bigint IS NULL OR merchant_id = $1) AND held <> 0
)
SELECT merchant_id, format('cart promotion %s, %s %s: holds hold %s, %s is kept', promotion_id,
    scope, key, coalesce(expected.held, 0), coalesce(kept.held, 0)) AS words
FROM expected
FULL JOIN kept USING (merchant_id, promotion_id, scope, key)
WHERE coalesce(expected.held, 0) <> coalesce(kept.held, 0)
LIMIT $2
"""

_OF_A_HOLD: Final = """
SELECT merchant_id, format('code %s is held for %L until %s, and no such hold holds it', code_id,
    held_for, held_until) AS words
FROM codes
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND held_for IS NOT NULL AND NOT EXISTS (
    SELECT FROM holds
    WHERE holds.merchant_id = codes.merchant_id AND holds.order_id = codes.held_for
      AND holds.expires_at = codes.held_until AND codes.code_id = ANY (holds.code_ids))
UNION ALL
SELECT merchant_id, format('%s of cart promotion %s is held for %L, and no such hold is kept',
    scope, promotion_id, order_id)
FROM held_allowances AS held
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND NOT EXISTS (
    SELECT FROM holds
    WHERE holds.merchant_id = held.merchant_id AND holds.order_id = held.order_id
      AND holds.expires_at = held.expires_at)
LIMIT $2
"""

# A hold of an order that replaces another one holds less than the order will take.
_AS_PROMISED: Final = """
WITH promised AS (
    SELECT merchant_id, order_id, (one->>'promotion_id')::bigint AS promotion_id,
           (one->>'discount')::numeric AS discount
    FROM holds CROSS JOIN LATERAL json_array_elements(outcome->'cart_promotions') AS one
    WHERE ($1::bigint IS NULL OR merchant_id = $1) AND one->'reasons' IS NULL
)
SELECT merchant_id, format('the hold for %L holds %s of cart promotion %s (%s), and does not'
    ' promise so much', order_id, amount, promotion_id, scope) AS words
FROM held_allowances AS held
LEFT JOIN promised USING (merchant_id, order_id, promotion_id)
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND promotion_id <> 0
  AND amount > coalesce(CASE scope WHEN 'budget' THEN discount ELSE discount * 0 + 1 END, 0)
UNION ALL
SELECT merchant_id, format('%s is promised as the first order of customer %L', string_agg(
    quote_literal(order_id), ' and '), key)
FROM held_allowances
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND promotion_id = 0
GROUP BY merchant_id, key
HAVING sum(amount) > 1
UNION ALL
SELECT merchant_id, format('the hold for %L was made for customer %s, and is stored for %s',
    order_id, coalesce(quote_literal(request->'customer'->>'id'), 'nobody'),
    coalesce(quote_literal(customer_id), 'nobody'))
FROM holds
WHERE ($1::bigint IS NULL OR merchant_id = $1)
  AND request->'customer'->>'id' IS DISTINCT FROM customer_id
LIMIT $2
"""

HOLD_CHECKS: Final = (
    ("Allowances know how much of them is held", _HELD),
    ("Codes and allowances are held for holds that exist", _OF_A_HOLD),
    ("A hold holds no more than it promises", _AS_PROMISED),
)
