"""Promises about orders: outcomes, redemptions, counters, and the one-time codes they used."""

from typing import Final

from sconto.store.order_tallies import PLACED_COLUMNS, SUMS, TALLIES
from sconto.store.reports import ALL_COUNTS

_TWO_ORDERS: Final = """
SELECT merchant_id, format('%s orders are called %L', count(*), order_id) AS words
FROM orders
WHERE $1::bigint IS NULL OR merchant_id = $1
GROUP BY merchant_id, order_id
HAVING count(*) > 1
LIMIT $2
"""

# No CHECK says so: each order would pay for it (schema 0031).
_STATES: Final = """
SELECT merchant_id, format('order %L is %L%s', order_id, status,
    CASE WHEN is_first AND customer_id IS NULL THEN ', and the first order of nobody' END) AS words
FROM orders
WHERE ($1::bigint IS NULL OR merchant_id = $1)
    AND (status NOT IN ('not paid', 'paid', 'deleted') OR is_first AND customer_id IS NULL)
LIMIT $2
"""

# Rounded as in the domain: half up, once per line.
_AMOUNTS: Final = """
WITH line AS (
    SELECT merchant_id, order_id, (outcome->>'subtotal')::numeric AS order_subtotal,
           (outcome->>'discount')::numeric AS order_discount,
           (outcome->>'total')::numeric AS order_total,
           (line->>'quantity')::numeric * (line->>'unit_price')::numeric AS worth,
           (line->>'subtotal')::numeric AS subtotal, (line->>'discount')::numeric AS discount,
           coalesce((line->>'subscription_discount')::numeric, 0) AS subscription_discount,
           (line->>'total')::numeric AS total,
           (
               SELECT coalesce(sum((one->>'discount')::numeric), 0)
               FROM json_array_elements(coalesce(line->'adjustments', '[]')) AS one
           ) AS adjusted,
           coalesce((outcome->'shipping'->>'amount')::numeric, 0) AS shipping,
           coalesce((outcome->'shipping'->>'discount')::numeric, 0) AS shipping_discount,
           coalesce((line->'picks'->0->>'percent')::numeric, 0) AS percent
    FROM orders CROSS JOIN LATERAL json_array_elements(outcome->'lines') AS line
    WHERE $1::bigint IS NULL OR merchant_id = $1
)
SELECT merchant_id, format('order %L: its lines do not add up to its amounts', order_id) AS words
FROM line
GROUP BY merchant_id, order_id, order_subtotal, order_discount, order_total, shipping,
    shipping_discount
HAVING sum(subtotal) <> order_subtotal
    OR sum(discount + adjusted + subscription_discount) + shipping_discount <> order_discount
    OR sum(total) + shipping - shipping_discount <> order_total
    OR shipping_discount NOT BETWEEN 0 AND shipping
    OR NOT bool_and(
        subtotal = worth AND total = subtotal - discount - adjusted - subscription_discount
        AND discount = div(2 * subtotal * percent + 100000000, 200000000)
        AND adjusted BETWEEN 0 AND subtotal - discount
        AND subscription_discount BETWEEN 0 AND subtotal - discount - adjusted)
LIMIT $2
"""

# The picks in the outcomes must be the recorded ones. If an outcome names its decimals, its
# redemptions are in whole units (`stored_amounts`).
_RECORDED: Final = """
WITH line AS (
    SELECT merchant_id, order_id, line, 10 ^ coalesce((outcome->>'decimals')::numeric, 0) AS units
    FROM orders CROSS JOIN LATERAL json_array_elements(outcome->'lines') AS line
    WHERE $1::bigint IS NULL OR merchant_id = $1
), picked AS (
    SELECT merchant_id, order_id, (line->>'product_id')::bigint AS product_id,
           (pick->>'promotion_id')::bigint AS promotion_id,
           coalesce((pick->>'code_id')::bigint, 0) AS code_id,
           CASE WHEN pick->>'code_id' IS NULL THEN 'none'
                ELSE coalesce(pick->>'code_type', 'reusable') END AS code_type,
           pick->>'reason' IS NULL AS applied,
           sum(CASE WHEN pick->>'reason' IS NULL
                    THEN (line->>'discount')::numeric / units ELSE 0 END) AS discount
    FROM line CROSS JOIN LATERAL json_array_elements(line->'picks') AS pick
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    UNION ALL
    SELECT merchant_id, order_id, 0, (one->>'promotion_id')::bigint,
           coalesce((one->>'code_id')::bigint, 0),
           CASE WHEN one->>'code_id' IS NULL THEN 'none'
                ELSE coalesce(one->>'code_type', 'reusable') END,
           true,
           (one->>'discount')::numeric / 10 ^ coalesce((outcome->>'decimals')::numeric, 0)
    FROM orders
    CROSS JOIN LATERAL json_array_elements(coalesce(outcome->'cart_promotions', '[]')) AS one
    WHERE ($1::bigint IS NULL OR merchant_id = $1) AND one->'reasons' IS NULL
), redeemed AS (
    SELECT merchant_id, order_id, product_id, promotion_id, code_id, code_type, applied, discount
    FROM redemptions
    WHERE $1::bigint IS NULL OR merchant_id = $1
), missing AS (
    SELECT * FROM picked EXCEPT ALL SELECT * FROM redeemed
), surplus AS (
    SELECT * FROM redeemed EXCEPT ALL SELECT * FROM picked
)
SELECT merchant_id, format('order %L picked promotion %s for product %s, and no such redemption'
    ' is recorded', order_id, promotion_id, product_id) AS words
FROM missing
UNION ALL
SELECT merchant_id, format('a redemption of promotion %s for product %s is recorded that order %L'
    ' has not', promotion_id, product_id, order_id)
FROM surplus
LIMIT $2
"""

# Uses of one-time codes are counted on the code, and for its promotion under code 0. Those that an
# earlier version counted may still be in counters by code: both sums contain them. Redemptions of
# purged orders are kept as sums (`purging`).
_COUNTED: Final = """
WITH recorded AS (
    SELECT merchant_id, promotion_id, code_id, code_type, applied,
           outcome->>'currency' AS currency, 1 AS uses, discount
    FROM redemptions JOIN orders USING (merchant_id, order_id)
    UNION ALL
    SELECT merchant_id, promotion_id, code_id, code_type, applied, currency, uses, discount
    FROM purged_redemptions
), redeemed AS (
    SELECT merchant_id, promotion_id,
           CASE code_type WHEN 'one-time' THEN 0 ELSE code_id END AS code_id, code_type, applied,
           currency, sum(uses) AS uses, sum(discount) AS discount
    FROM recorded
    WHERE $1::bigint IS NULL OR merchant_id = $1
    GROUP BY 1, 2, 3, 4, 5, 6
), counted AS (
    SELECT merchant_id, promotion_id,
           CASE code_type WHEN 'one-time' THEN 0 ELSE code_id END AS code_id, code_type, applied,
           currency, sum(uses) AS uses, sum(discount) AS discount
    FROM redemption_counts
    WHERE $1::bigint IS NULL OR merchant_id = $1
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT merchant_id, format('promotion %s, code %s (%s, %s) in %s: %s redemptions of %s recorded,'
    ' %s of %s counted', promotion_id, code_id, code_type,
    CASE WHEN applied THEN 'applied' ELSE 'outdone' END, currency,
    coalesce(redeemed.uses, 0), coalesce(redeemed.discount, 0),
    coalesce(counted.uses, 0), coalesce(counted.discount, 0)) AS words
FROM redeemed
FULL JOIN counted USING (merchant_id, promotion_id, code_id, code_type, applied, currency)
WHERE coalesce(redeemed.uses, 0) <> coalesce(counted.uses, 0)
   OR coalesce(redeemed.discount, 0) <> coalesce(counted.discount, 0)
LIMIT $2
"""

_COUNTED_WITH_CODES: Final = """
WITH recorded AS (
    SELECT merchant_id, code_id, code_type, applied, 1 AS uses FROM redemptions
    UNION ALL
    SELECT merchant_id, code_id, code_type, applied, uses FROM purged_redemptions
), redeemed AS (
    SELECT merchant_id, code_id, sum(uses) FILTER (WHERE applied) AS applied,
           sum(uses) FILTER (WHERE NOT applied) AS outdone
    FROM recorded
    WHERE ($1::bigint IS NULL OR merchant_id = $1) AND code_type = 'one-time'
    GROUP BY 1, 2
), counted AS (
    SELECT merchant_id, code_id, sum(applied) AS applied, sum(outdone) AS outdone
    FROM (
        SELECT merchant_id, code_id, applied_uses AS applied, outdone_uses AS outdone
        FROM codes
        WHERE ($1::bigint IS NULL OR merchant_id = $1) AND (applied_uses <> 0 OR outdone_uses <> 0)
        UNION ALL
        SELECT merchant_id, code_id, CASE WHEN applied THEN uses ELSE 0 END,
               CASE WHEN applied THEN 0 ELSE uses END
        FROM redemption_counts
        WHERE ($1::bigint IS NULL OR merchant_id = $1) AND code_type = 'one-time' AND code_id <> 0
    ) AS counts
    GROUP BY 1, 2
)
SELECT merchant_id, format('one-time code %s: %s applied and %s outdone redemptions recorded,'
    ' %s and %s counted', code_id, coalesce(redeemed.applied, 0), coalesce(redeemed.outdone, 0),
    coalesce(counted.applied, 0), coalesce(counted.outdone, 0)) AS words
FROM redeemed
FULL JOIN counted USING (merchant_id, code_id)
WHERE coalesce(redeemed.applied, 0) <> coalesce(counted.applied, 0)
   OR coalesce(redeemed.outdone, 0) <> coalesce(counted.outdone, 0)
LIMIT $2
"""

_ONE_ORDER_A_CODE: Final = """
SELECT merchant_id, format('one-time code %s (%L) served %s orders: %s', code_id, min(code),
    count(DISTINCT order_id), string_agg(DISTINCT quote_literal(order_id), ', ')) AS words
FROM redemptions JOIN orders USING (merchant_id, order_id)
LEFT JOIN codes USING (merchant_id, code_id)
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND code_type = 'one-time' AND replaced_by IS NULL
  AND NOT (product_id = 0 AND gave_back_at IS NOT NULL)
GROUP BY merchant_id, code_id
HAVING count(DISTINCT order_id) > 1
LIMIT $2
"""

_USED_BY: Final = """
WITH served AS (
    SELECT DISTINCT merchant_id, code_id, order_id, created_at
    FROM redemptions JOIN orders USING (merchant_id, order_id)
    WHERE ($1::bigint IS NULL OR merchant_id = $1)
      AND code_type = 'one-time' AND replaced_by IS NULL
      AND NOT (product_id = 0 AND gave_back_at IS NOT NULL)
), marked AS (
    SELECT merchant_id, code_id, used_by AS order_id, used_at AS created_at
    FROM codes
    WHERE ($1::bigint IS NULL OR merchant_id = $1) AND used_by IS NOT NULL AND NOT (
        EXISTS (
            SELECT FROM purges
            WHERE purges.merchant_id = codes.merchant_id AND codes.used_at < purged_before
        ) AND NOT EXISTS (
            SELECT FROM orders
            WHERE orders.merchant_id = codes.merchant_id AND order_id = codes.used_by
                AND orders.created_at = codes.used_at
        )
    )
)
SELECT merchant_id, format('order %L took one-time code %s, which is not marked as used by it',
    order_id, code_id) AS words
FROM (SELECT * FROM served EXCEPT ALL SELECT * FROM marked) AS unmarked
UNION ALL
SELECT merchant_id, format('code %s is marked as used by %L at %s, which did not take it then',
    code_id, order_id, created_at)
FROM (SELECT * FROM marked EXCEPT ALL SELECT * FROM served) AS untaken
LIMIT $2
"""

# One of two orders may be purged.
_REPLACED: Final = """
SELECT old.merchant_id, format('order %L is said to be replaced by %L: it is %s, and that one'
    ' replaces %s', old.order_id, old.replaced_by, old.status,
    coalesce(quote_literal(new.replaces), 'nothing')) AS words
FROM orders AS old
LEFT JOIN orders AS new ON new.merchant_id = old.merchant_id AND new.order_id = old.replaced_by
WHERE ($1::bigint IS NULL OR old.merchant_id = $1) AND old.replaced_by IS NOT NULL
  AND (old.status <> 'deleted' OR new.replaces IS DISTINCT FROM old.order_id)
  AND NOT (new.order_id IS NULL
           AND EXISTS (SELECT FROM purges WHERE purges.merchant_id = old.merchant_id))
UNION ALL
SELECT new.merchant_id, format('order %L replaces %L, which does not know of it', new.order_id,
    new.replaces)
FROM orders AS new
LEFT JOIN orders AS old ON old.merchant_id = new.merchant_id AND old.order_id = new.replaces
WHERE ($1::bigint IS NULL OR new.merchant_id = $1) AND new.replaces IS NOT NULL
  AND old.replaced_by IS DISTINCT FROM new.order_id
  AND NOT (old.order_id IS NULL
           AND EXISTS (SELECT FROM purges WHERE purges.merchant_id = new.merchant_id))
LIMIT $2
"""

# While older orders are being indexed, or after the previous version placed some, more than one row
# may have a time.
_LISTED: Final = """
SELECT merchant_id, format('order %L redeemed promotion %s, and no list by promotion finds it',
    order_id, promotion_id) AS words
FROM redemptions
WHERE ($1::bigint IS NULL OR merchant_id = $1)
    AND merchant_id NOT IN (SELECT merchant_id FROM orders_to_list)
GROUP BY merchant_id, order_id, promotion_id, code_id
HAVING count(placed_at) = 0
LIMIT $2
"""

# Orders that are not counted yet are left out. Counts of purged orders are kept as sums, unless the
# previous version purged them: then the counters may be higher than the sums.
ORDERS_COUNTED: Final = f"""
WITH placed AS (
    SELECT {PLACED_COLUMNS}
    FROM orders
    LEFT JOIN orders_to_count AS reached USING (merchant_id)
    WHERE ($1::bigint IS NULL OR merchant_id = $1) AND coalesce(
        is_counted,
        coalesce((orders.created_at, orders.order_id) >= (reached.created_at, reached.order_id),
                 true)
    )
), stored AS (
    SELECT merchant_id, subject, promotion_id, code_id, currency, sum(orders) AS orders,
        sum(beaten) AS beaten, sum(discount) AS discount, sum(revenue) AS revenue
    FROM (
        SELECT merchant_id, subject, promotion_id, code_id, currency, {SUMS}
        FROM ({TALLIES}) AS tallied
        GROUP BY 1, 2, 3, 4, 5
        UNION ALL
        SELECT merchant_id, subject, promotion_id, code_id, currency, orders, beaten, discount,
            revenue
        FROM purged_order_counts
        WHERE $1::bigint IS NULL OR merchant_id = $1
    ) AS part
    GROUP BY 1, 2, 3, 4, 5
), counted AS (
    SELECT merchant_id, subject, promotion_id, code_id, currency, sum(orders) AS orders,
        sum(beaten) AS beaten, sum(discount) AS discount, sum(revenue) AS revenue
    FROM ({ALL_COUNTS}) AS counts
    WHERE $1::bigint IS NULL OR merchant_id = $1
    GROUP BY 1, 2, 3, 4, 5
)
SELECT merchant_id, format('%s (promotion %s, code %s) in %s: %s orders, %s beaten, %s off %s, and'
    ' counted are %s orders, %s beaten, %s off %s', subject, promotion_id, code_id, currency,
    coalesce(stored.orders, 0), coalesce(stored.beaten, 0), coalesce(stored.discount, 0),
    coalesce(stored.revenue, 0), coalesce(counted.orders, 0), coalesce(counted.beaten, 0),
    coalesce(counted.discount, 0), coalesce(counted.revenue, 0)) AS words
FROM stored
FULL JOIN counted USING (merchant_id, subject, promotion_id, code_id, currency)
LEFT JOIN purges USING (merchant_id)
WHERE (stored.orders, stored.beaten, stored.discount, stored.revenue)
    IS DISTINCT FROM (counted.orders, counted.beaten, counted.discount, counted.revenue)
    AND NOT (
        purged_before IS DISTINCT FROM counts_kept_before
        AND coalesce(stored.orders <= counted.orders AND stored.beaten <= counted.beaten
                     AND stored.discount <= counted.discount AND stored.revenue <= counted.revenue,
                     stored.orders IS NULL)
    )
LIMIT $2
"""  # noqa: S608  # of our own constants

ORDER_CHECKS: Final = (
    ("An order id names one order", _TWO_ORDERS),
    ("An order has a status, and a first order has a customer", _STATES),
    ("The lines of an order add up to its total, each rounded once", _AMOUNTS),
    ("Redemptions are what the orders picked", _RECORDED),
    ("Lists find each order by what it redeemed", _LISTED),
    ("Counters are the sum of the redemptions", _COUNTED),
    ("Counters of orders are what the orders got", ORDERS_COUNTED),
    ("One-time codes count the redemptions by them", _COUNTED_WITH_CODES),
    ("A one-time code serves one order", _ONE_ORDER_A_CODE),
    ("A one-time code is used up by the order that took it", _USED_BY),
    ("Orders agree on which of them replaces which", _REPLACED),
)
