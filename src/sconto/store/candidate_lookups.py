"""Look-ups of a cart's codes and their promotions in SQL, for all statements that read candidates.

`cart` is the row of a cart. Statements add LIMIT or OFFSET 0 to the look-up of codes, which keeps
the planner from turning it into a join.
"""

from typing import Final

from sconto.store.period_sql import is_running

CODES_OF_TEXT: Final = """
            SELECT code_id, promotion_id, code_key,
                   CASE WHEN used_by = ANY (cart.order_ids) THEN NULL ELSE used_at END AS used_at
            FROM codes
            WHERE merchant_id = $1 AND code_key = activated.key AND removed_at IS NULL"""
"""The codes that the text of `activated` spells. One that the cart's orders used up is unused."""

CODES_WITH_HOLDS: Final = """
            SELECT code_id, promotion_id, code_key,
                   CASE WHEN used_by = ANY (cart.order_ids) THEN NULL ELSE used_at END AS used_at,
                   CASE WHEN held_until > cart.now AND held_for IS DISTINCT FROM cart.order_ids[1]
                       THEN held_until END AS held_until
            FROM codes
            WHERE merchant_id = $1 AND code_key = activated.key AND removed_at IS NULL"""
"""The same, with the time until which a code is held for another order than the cart's first."""

PROMOTION_OF_CODE: Final = f"""
            SELECT promotion_id, type, code_type, active, starts_at, ends_at, covers_all, percent,
                   deleted_at, {is_running("cart.at")} AS applies
            FROM promotions
            WHERE merchant_id = $1 AND promotion_id = code.promotion_id
            LIMIT 1"""  # noqa: S608  # of our own constants
"""The promotion of `code`. A deleted one is found too: a look-up of the others could be given to an
index that has only those, but in another order."""
