"""Promises about returns: how much was returned, and what was paid back for it."""

from typing import Final

from sconto.store.stored_amounts import OUTCOME_UNIT

# Every returned line, with the line that was ordered and everything returned of it so far. Amounts
# are in minor units.
_LINES: Final = f"""
WITH chosen AS (
    SELECT merchant_id, order_id, number, return_id, refund, returned
    FROM returns
    WHERE $1::bigint IS NULL OR merchant_id = $1
), back AS (
    SELECT merchant_id, order_id, number, return_id, line ->> 'line_id' AS line_id,
           (returned ->> (line ->> 'line_id'))::bigint AS stored,
           (line ->> 'quantity')::bigint AS quantity,
           (line ->> 'returned_before')::bigint AS returned_before,
           (line ->> 'subtotal')::numeric AS subtotal, (line ->> 'total')::numeric AS total,
           (line ->> 'discount')::numeric AS discount,
           coalesce((line ->> 'subscription_discount')::numeric, 0) AS subscription_discount,
           (
               SELECT coalesce(sum((one ->> 'discount')::numeric), 0)
               FROM json_array_elements(coalesce(line -> 'adjustments', '[]')) AS one
           ) AS adjusted
    FROM chosen CROSS JOIN LATERAL json_array_elements(refund -> 'lines') AS line
), so_far AS (
    SELECT back.*, sum(quantity) OVER earlier AS units, sum(discount) OVER earlier AS discounts,
           sum(subscription_discount) OVER earlier AS subscription_discounts,
           sum(adjusted) OVER earlier AS adjustments
    FROM back
    WINDOW earlier AS (PARTITION BY merchant_id, order_id, line_id ORDER BY number)
), ordered AS (
    SELECT merchant_id, order_id, line ->> 'line_id' AS line_id,
           (line ->> 'quantity')::numeric AS ordered_units,
           unit * (line ->> 'unit_price')::numeric AS unit_price,
           unit * (line ->> 'total')::numeric AS cost,
           unit * (line ->> 'discount')::numeric AS ordered_discount,
           unit * coalesce((line ->> 'subscription_discount')::numeric, 0)
               AS ordered_subscription_discount,
           unit * (
               SELECT coalesce(sum((one ->> 'discount')::numeric), 0)
               FROM json_array_elements(coalesce(line -> 'adjustments', '[]')) AS one
           ) AS ordered_adjustments
    FROM (SELECT DISTINCT merchant_id, order_id FROM chosen) AS with_returns
    JOIN orders USING (merchant_id, order_id)
    CROSS JOIN LATERAL (SELECT {OUTCOME_UNIT} AS unit) AS stored
    CROSS JOIN LATERAL json_array_elements(outcome -> 'lines') AS line
)
"""  # noqa: S608  # of our own constants

_UNITS: Final = f"""
{_LINES}
SELECT merchant_id, format('order %L, line %L: %s of %s units came back with return %L, %s are'
    ' noted, and %s before it', order_id, line_id, units, coalesce(ordered_units, 0), return_id,
    stored, returned_before) AS words
FROM so_far LEFT JOIN ordered USING (merchant_id, order_id, line_id)
WHERE units > coalesce(ordered_units, 0) OR quantity < 1 OR returned_before <> units - quantity
    OR stored IS DISTINCT FROM units
LIMIT $2
"""  # noqa: S608  # of our own constants

_CHAIN: Final = """
WITH counted AS (
    SELECT merchant_id, order_id, count(*) AS returns, min(number) AS first, max(number) AS last,
           count(DISTINCT return_id) AS ids,
           count(*) FILTER (WHERE refund -> 'shipping' IS NOT NULL) AS with_shipping,
           bool_and(shipping_returned = (number >= shipping_number)) AS is_noted
    FROM (
        SELECT returns.*, coalesce(
                   min(number) FILTER (WHERE refund -> 'shipping' IS NOT NULL)
                       OVER (PARTITION BY merchant_id, order_id),
                   2147483647
               ) AS shipping_number
        FROM returns
        WHERE $1::bigint IS NULL OR merchant_id = $1
    ) AS chosen
    GROUP BY merchant_id, order_id
)
SELECT merchant_id, format('order %L has %s returns with %s ids and numbers from %s to %s, %s of'
    ' them with shipping', order_id, returns, ids, first, last, with_shipping) AS words
FROM counted LEFT JOIN orders USING (merchant_id, order_id)
WHERE first <> 1 OR last <> returns OR ids <> returns OR NOT is_noted
    OR with_shipping > CASE WHEN outcome -> 'shipping' IS NULL THEN 0 ELSE 1 END
    OR orders.order_id IS NULL
LIMIT $2
"""

# Rounded as in the domain: half up, at the number of units returned so far.
_AMOUNTS: Final = f"""
{_LINES}
SELECT merchant_id, format('order %L, line %L: return %L pays back %s for %s units', order_id,
    line_id, return_id, total, quantity) AS words
FROM so_far JOIN ordered USING (merchant_id, order_id, line_id)
WHERE total <> div(2 * cost * units + ordered_units, 2 * ordered_units)
        - div(2 * cost * returned_before + ordered_units, 2 * ordered_units)
    OR subtotal <> quantity * unit_price
    OR total <> subtotal - discount - subscription_discount - adjusted
    OR least(total, discount, subscription_discount, adjusted) < 0
    OR units = ordered_units AND (
        discounts <> ordered_discount
        OR subscription_discounts <> ordered_subscription_discount
        OR adjustments <> ordered_adjustments)
LIMIT $2
"""  # noqa: S608  # of our own constants

_TOTALS: Final = """
WITH returned AS (
    SELECT merchant_id, order_id, return_id, refund, outcome -> 'shipping' AS ordered_shipping,
           coalesce((refund -> 'shipping' ->> 'amount')::numeric, 0) AS shipping,
           coalesce((refund -> 'shipping' ->> 'discount')::numeric, 0) AS shipping_discount
    FROM returns JOIN orders USING (merchant_id, order_id)
    WHERE $1::bigint IS NULL OR merchant_id = $1
), added AS (
    SELECT returned.*, lines.subtotal, lines.total
    FROM returned
    CROSS JOIN LATERAL (
        SELECT coalesce(sum((line ->> 'subtotal')::numeric), 0) AS subtotal,
               coalesce(sum((line ->> 'total')::numeric), 0) AS total
        FROM json_array_elements(refund -> 'lines') AS line
    ) AS lines
)
SELECT merchant_id, format('return %L of order %L: its lines and shipping do not add up to its'
    ' amounts', return_id, order_id) AS words
FROM added
WHERE (refund ->> 'subtotal')::numeric <> subtotal
    OR (refund ->> 'total')::numeric <> total + shipping - shipping_discount
    OR (refund ->> 'discount')::numeric <> subtotal - total + shipping_discount
    OR refund -> 'shipping' IS NOT NULL AND (
        shipping <> (ordered_shipping ->> 'amount')::numeric
        OR shipping_discount <> (ordered_shipping ->> 'discount')::numeric)
LIMIT $2
"""

RETURN_CHECKS: Final = (
    ("No unit of an order is returned twice", _UNITS),
    ("Each return follows the one before it, and shipping is returned once", _CHAIN),
    ("Returns of a line add up to what it cost, with each discount", _AMOUNTS),
    ("The lines of a return add up to what it pays back", _TOTALS),
)
