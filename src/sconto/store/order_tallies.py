"""What stored orders count for, computed from their outcomes alone.

It is the SQL of `domain.order_counts`, for orders that are stored. The check compares the two.
"""

from typing import Final

from sconto.domain.order_counts import BEATEN_IN_CART, BEATEN_IN_SUBSCRIPTION

UNIT: Final = "10 ^ coalesce((outcome ->> 'decimals')::numeric, 0)"
"""What the amounts of an outcome are divided by to be amounts as counters have them."""

PLACED_COLUMNS: Final = f"orders.merchant_id, orders.order_id, outcome, {UNIT} AS unit"
"""What `TALLIES` needs of each row of `orders`."""


def _quoted(reasons: tuple[str, ...]) -> str:
    return ", ".join(f"'{reason}'" for reason in reasons)


IS_BEATEN_IN_CART: Final = f"""EXISTS (
    SELECT FROM json_array_elements(one -> 'reasons') AS refusal
    WHERE refusal ->> 'reason' IN ({_quoted(BEATEN_IN_CART)})
)"""
"""Whether a cart promotion, `one` of an outcome, was beaten."""

IS_BEATEN_IN_SUBSCRIPTION: Final = f"""one ->> 'promotion_id' IS NOT NULL
    AND one ->> 'reason' IN ({_quoted(BEATEN_IN_SUBSCRIPTION)})"""
"""Whether a code of a subscription, `one` of an outcome, was beaten."""


def _code_of(one: str) -> str:
    """The reusable code by which a promotion was picked; a code without a type is reusable."""
    return f"""CASE WHEN coalesce({one} ->> 'code_type', 'reusable') = 'reusable'
                    THEN coalesce(({one} ->> 'code_id')::bigint, 0) ELSE 0 END"""


TALLIES: Final = f"""
    SELECT merchant_id, order_id, outcome ->> 'currency' AS currency, subject, promotion_id,
        code_id, applied, leads, discount / unit AS discount,
        CASE WHEN applied AND leads THEN (outcome ->> 'total')::numeric / unit ELSE 0 END AS revenue
    FROM placed
    CROSS JOIN LATERAL (
        SELECT subject, promotion_id, code_id, applied, discount, row_number() OVER (
            PARTITION BY subject, promotion_id ORDER BY applied DESC, code_id
        ) = 1 AS leads
        FROM (
            SELECT subject, promotion_id, code_id, bool_or(applied) AS applied,
                coalesce(sum(discount) FILTER (WHERE applied), 0) AS discount
            FROM (
                SELECT 'promotion' AS subject, (pick ->> 'promotion_id')::bigint AS promotion_id,
                    {_code_of("pick")} AS code_id, pick ->> 'reason' IS NULL AS applied,
                    (line ->> 'discount')::numeric AS discount
                FROM json_array_elements(outcome -> 'lines') AS line
                CROSS JOIN LATERAL json_array_elements(line -> 'picks') AS pick
                UNION ALL
                SELECT 'promotion', (one ->> 'promotion_id')::bigint, {_code_of("one")},
                    one -> 'reasons' IS NULL, coalesce((one ->> 'discount')::numeric, 0)
                FROM json_array_elements(outcome -> 'cart_promotions') AS one
                WHERE one -> 'reasons' IS NULL OR {IS_BEATEN_IN_CART}
                UNION ALL
                SELECT 'subscription', (one ->> 'promotion_id')::bigint, 0,
                    one ->> 'reason' IS NULL, (one ->> 'discount')::numeric
                FROM json_array_elements(outcome -> 'subscription' -> 'considered') AS one
                WHERE one ->> 'promotion_id' IS NOT NULL AND one ->> 'reason' IS NULL
                    OR {IS_BEATEN_IN_SUBSCRIPTION}
            ) AS part
            GROUP BY subject, promotion_id, code_id
        ) AS by_code
        UNION ALL
        SELECT CASE WHEN (outcome ->> 'discount')::numeric > 0 THEN 'discounted'
                    ELSE 'full price' END, 0, 0, true, (outcome ->> 'discount')::numeric, true
    ) AS tally
    WHERE applied OR leads
"""  # noqa: S608  # of our own constants
"""A query of what each order of `placed` counts for: the rows that it adds to its counters."""

SUMS: Final = """count(*) FILTER (WHERE applied AND leads) AS orders,
        count(*) FILTER (WHERE NOT applied) AS beaten,
        coalesce(sum(discount), 0) AS discount, coalesce(sum(revenue), 0) AS revenue"""
"""The columns of a counter, of some tallies."""
