"""What stored orders count for, computed from their outcomes alone.

It says in SQL what `domain.order_counts` says of an order that is placed. The check compares the
two.
"""

from typing import Final

from sconto.domain.order_counts import BEATEN_IN_CART, BEATEN_IN_SUBSCRIPTION
from sconto.store.stored_amounts import OUTCOME_UNIT

PLACED_COLUMNS: Final = f"orders.merchant_id, orders.order_id, outcome, {OUTCOME_UNIT} AS unit"
"""What `TALLIES` needs of each row of `orders`."""


def _quoted(reasons: tuple[str, ...]) -> str:
    return ", ".join(f"'{reason}'" for reason in reasons)


_BEATEN_IN_CART: Final = f"""EXISTS (
    SELECT FROM json_array_elements(one -> 'reasons') AS refusal
    WHERE refusal ->> 'reason' IN ({_quoted(BEATEN_IN_CART)})
)"""

# Codes that are not named are reusable, as in redemptions.
_BY_REUSABLE_CODE: Final = (
    "{one} ->> 'code_id' IS NOT NULL AND coalesce({one} ->> 'code_type', 'reusable') = 'reusable'"
)

TALLIES: Final = f"""
    SELECT merchant_id, order_id, outcome ->> 'currency' AS currency, subject, promotion_id,
        code_id, applied, discount * unit AS discount,
        CASE WHEN applied THEN (outcome ->> 'total')::numeric * unit ELSE 0 END AS revenue
    FROM placed
    CROSS JOIN LATERAL (
        SELECT subject, promotion_id, code_id, bool_or(applied) AS applied,
            coalesce(sum(discount) FILTER (WHERE applied), 0) AS discount
        FROM (
            SELECT subject, (pick ->> 'promotion_id')::bigint AS promotion_id,
                coalesce(code_id, 0) AS code_id, pick ->> 'reason' IS NULL AS applied,
                (line ->> 'discount')::numeric AS discount
            FROM json_array_elements(outcome -> 'lines') AS line
            CROSS JOIN LATERAL json_array_elements(line -> 'picks') AS pick
            CROSS JOIN LATERAL (
                SELECT 'promotion' AS subject, 0::bigint AS code_id
                UNION ALL
                SELECT 'code', (pick ->> 'code_id')::bigint
                WHERE {_BY_REUSABLE_CODE.format(one="pick")}
            ) AS counted
            UNION ALL
            SELECT subject, (one ->> 'promotion_id')::bigint, coalesce(code_id, 0),
                one -> 'reasons' IS NULL, coalesce((one ->> 'discount')::numeric, 0)
            FROM json_array_elements(outcome -> 'cart_promotions') AS one
            CROSS JOIN LATERAL (
                SELECT 'promotion' AS subject, 0::bigint AS code_id
                UNION ALL
                SELECT 'code', (one ->> 'code_id')::bigint
                WHERE {_BY_REUSABLE_CODE.format(one="one")}
            ) AS counted
            WHERE one -> 'reasons' IS NULL OR {_BEATEN_IN_CART}
            UNION ALL
            SELECT 'subscription', (one ->> 'promotion_id')::bigint, 0, one ->> 'reason' IS NULL,
                (one ->> 'discount')::numeric
            FROM json_array_elements(outcome -> 'subscription' -> 'considered') AS one
            WHERE one ->> 'promotion_id' IS NOT NULL
                AND coalesce(one ->> 'reason' IN ({_quoted(BEATEN_IN_SUBSCRIPTION)}), true)
        ) AS part
        GROUP BY subject, promotion_id, code_id
        UNION ALL
        SELECT CASE WHEN (outcome ->> 'discount')::numeric > 0 THEN 'discounted'
                    ELSE 'full price' END, 0, 0, true, (outcome ->> 'discount')::numeric
    ) AS tally
"""  # noqa: S608  # of our own constants
"""A query of what each order of `placed` counts for: one row for each subject, in minor units."""

SUMS: Final = """count(*) FILTER (WHERE applied) AS orders,
        count(*) FILTER (WHERE NOT applied) AS beaten,
        coalesce(sum(discount), 0) AS discount, coalesce(sum(revenue), 0) AS revenue"""
"""The columns of a counter, of some tallies."""
