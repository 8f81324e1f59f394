"""The parts of statements that take what holds may hold: codes, limits and first orders.

`$1` is the merchant, `$2` the order id, `$3` the service's time. The statements that place an order
(`orders`), make a hold and release one (`holds`) have the same parts, so they are exact against
each other for the reasons given there. What holds add:

- `mine` locks the hold of the order id in its newest version, and `own` is it if that version is
  the one in the snapshot. What it holds counts as free for this order id. It must be the hold that
  was read before (`is_as_read`), so of two concurrent requests the later one tries again and finds
  the first one's result.
- `free` also takes codes that are held for this order id, or whose hold has ended. The same
  statement then writes `held_for`, so that the code is no longer held for the other order.
- An allowance has in `held` the sum of its rows in `held_allowances`. `lapsed` is the sum of
  others' rows that have ended. So a statement reads the ended holds, and not all of them. Each
  statement that adds or deletes rows of an allowance updates the allowance too. So a statement that
  has the allowance locked in the version of its snapshot knows all its rows.
- `robbed` deletes the rows that were counted as lapsed. The order that they were held for needs all
  its rows (`IS_WHOLE`), so it is no longer placed as promised. So at the end of a hold either its
  order takes what was held, or somebody else does, whatever their clocks say.

What nobody takes stays in the tables after the end of its hold, and is free. A sweep deletes it.
"""

from typing import Final

from sconto.store.allowance_sql import allowance_of, locked_allowances
from sconto.store.past_customers import HAS_PAST_ORDER
from sconto.store.steady_limits import steady

MINE: Final = """mine AS MATERIALIZED (
    SELECT ctid AS place
    FROM holds
    WHERE merchant_id = $1 AND order_id = $2
    FOR UPDATE SKIP LOCKED
), own AS MATERIALIZED (
    SELECT holds.*, mine.place
    FROM mine
    JOIN holds ON holds.ctid = mine.place
    WHERE holds.merchant_id = $1
), """

CODES: Final = """meant AS MATERIALIZED (
    SELECT code_id, true AS is_wanted
    FROM unnest($6::bigint[]) AS wanted (code_id)
    UNION ALL
    SELECT code_id, false
    FROM own
    CROSS JOIN unnest(code_ids) AS held (code_id)
    WHERE code_id <> ALL ($6::bigint[])
), free AS MATERIALIZED (
    SELECT meant.code_id, meant.is_wanted, code.place
    FROM meant
    CROSS JOIN LATERAL (
        SELECT ctid AS place
        FROM codes
        WHERE merchant_id = $1 AND code_id = meant.code_id
          AND CASE WHEN meant.is_wanted THEN {can_be_taken} ELSE held_for = $2 END
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) AS code
), seen AS MATERIALIZED (
    SELECT free.code_id, free.is_wanted
    FROM free
    JOIN codes ON codes.ctid = free.place
    WHERE codes.merchant_id = $1
), """

NOT_HELD: Final = "(held_until IS NULL OR held_until <= $3 OR held_for = $2)"

FREE_FOR_ORDER: Final = f"coalesce(used_at, removed_at) IS NULL AND {NOT_HELD}"
FREE_FOR_PROMISED: Final = "used_at IS NULL AND held_for = $2"
FREE_FOR_HOLD: Final = f"""removed_at IS NULL AND (used_at IS NULL OR used_by = $4)
              AND {NOT_HELD}"""
"""A code of the order that the held one replaces is free for it."""

CODES_ARE_SEEN: Final = """(SELECT count(*) FROM seen WHERE is_wanted) = cardinality($6::bigint[])
      AND NOT EXISTS (
          SELECT true FROM meant
          JOIN codes ON codes.merchant_id = $1 AND codes.code_id = meant.code_id
              AND codes.held_for = $2
          WHERE NOT is_wanted AND meant.code_id NOT IN (SELECT code_id FROM seen)
      )"""


def is_as_read(version: str) -> str:
    """The condition that the hold of the order id is the one that was read, or there still is none.

    `version` is that of the hold, or null.
    """
    return f"""(SELECT version FROM holds WHERE merchant_id = $1 AND order_id = $2)
          IS NOT DISTINCT FROM {version}::bigint
      AND ({version}::bigint IS NULL OR EXISTS (SELECT true FROM own))"""  # noqa: S608  # of our own constants


def limited(first: int) -> str:
    """The parts that lock the promotions and list the allowances; their arguments are six from the
    `first` one on (`order_limits.limit_arguments`)."""
    one, *others = (f"${number}" for number in range(first, first + 6))
    promotions, scopes, keys, amounts, most = others
    locked = steady(f"unnest({one}::bigint[]) AS applied (promotion_id)")
    return f"""{locked}wanted AS MATERIALIZED (
    SELECT *
    FROM unnest({promotions}::bigint[], {scopes}::text[], {keys}::text[],
                {amounts}::text[]::numeric[], {most}::text[]::numeric[])
        AS one (promotion_id, scope, key, amount, most)
), """  # noqa: S608  # of our own constants


# `most` is null if the promotion has no such limit, and for a promised order.
LIMITS: Final = f"""kept AS MATERIALIZED (
    SELECT promotion_id, scope, key, coalesce(wanted.amount, 0) AS amount, most,
           wanted.amount IS NOT NULL AS is_wanted, coalesce(own_amount.amount, 0) AS mine
    FROM wanted
    FULL JOIN (
        SELECT promotion_id, scope, key, amount
        FROM held_allowances
        WHERE merchant_id = $1 AND order_id = $2
    ) AS own_amount USING (promotion_id, scope, key)
), held AS MATERIALIZED (
    {locked_allowances("kept")}
), known AS MATERIALIZED (
    SELECT kept.*, allowance.place, allowance.taken, allowance.held, ended.amount AS lapsed
    FROM kept
    {allowance_of("kept", "taken", "held")}
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount), 0) AS amount
        FROM held_allowances AS other
        WHERE merchant_id = $1 AND other.promotion_id = kept.promotion_id
          AND other.scope = kept.scope AND other.key = kept.key AND expires_at <= $3
          AND order_id <> $2 AND kept.is_wanted AND allowance.place IS NOT NULL
    ) AS ended
), roomy AS MATERIALIZED (
    SELECT known.*
    FROM known
    JOIN held ON held.place = known.place
    WHERE most IS NULL OR known.taken + known.held - lapsed - mine + known.amount <= most
), fresh AS MATERIALIZED (
    SELECT * FROM known WHERE place IS NULL AND amount <= most
), """  # noqa: S608  # of our own constants

LIMITS_ARE_SEEN: Final = """(SELECT count(*) FROM roomy) + (SELECT count(*) FROM fresh)
          = (SELECT count(*) FROM known WHERE place IS NOT NULL OR most IS NOT NULL)"""

IS_WHOLE: Final = """EXISTS (
          SELECT true FROM own
          WHERE expires_at > $3 AND allowances = (
              SELECT count(*) FROM held_allowances WHERE merchant_id = $1 AND order_id = $2)
      )"""
"""The hold is not over, and nothing of it was given to somebody else. Its codes are those that
`free` finds."""

NO_ORDER: Final = """NOT EXISTS (
          SELECT true FROM orders WHERE merchant_id = $1 AND order_id = $2)"""


def first_order(customer: str, is_first: str) -> str:
    """The condition that the order is the customer's first, if it must be.

    $4 is the order that it replaces, which is already deleted or will be by this order.
    """
    return f"""NOT ({is_first} AND (EXISTS (
          SELECT FROM orders
          WHERE merchant_id = $1 AND customer_id = {customer} AND status <> 'deleted'
            AND order_id <> $2 AND order_id IS DISTINCT FROM $4
      ) OR {HAS_PAST_ORDER.format(customer=f"{customer}::text")}))"""  # noqa: S608  # of our own constants


ALL_BEGAN: Final = "(SELECT count(*) FROM began) = (SELECT count(*) FROM fresh)"

BEGAN: Final = """began AS (
    INSERT INTO allowances (merchant_id, promotion_id, scope, key, taken, held)
    SELECT $1, fresh.promotion_id, fresh.scope, fresh.key, {taken}, {held}
    FROM clear
    CROSS JOIN fresh
    ORDER BY fresh.promotion_id, fresh.scope, fresh.key
    ON CONFLICT DO NOTHING
    RETURNING promotion_id
), """

TOOK: Final = """took AS (
    UPDATE allowances
    SET taken = allowances.taken + {taken}, held = allowances.held - lapsed - mine + {held}
    FROM placed
    CROSS JOIN roomy
    WHERE allowances.merchant_id = $1 AND allowances.promotion_id = roomy.promotion_id
      AND allowances.scope = roomy.scope AND allowances.key = roomy.key
), robbed AS (
    DELETE FROM held_allowances AS other
    USING placed, roomy
    WHERE other.merchant_id = $1 AND other.promotion_id = roomy.promotion_id
      AND other.scope = roomy.scope AND other.key = roomy.key AND other.expires_at <= $3
      AND other.order_id <> $2 AND roomy.is_wanted
), """

# An order takes the amount; a hold holds it, unless it is negative.
BY_ORDER: Final = {"taken": "{0}.amount", "held": "0"}
BY_HOLD: Final = {"taken": "0", "held": "greatest({0}.amount, 0)"}


def began(shares: dict[str, str]) -> str:
    """The part that inserts allowances that have no row yet."""
    return BEGAN.format(**{name: one.format("fresh") for name, one in shares.items()})


def took(shares: dict[str, str]) -> str:
    """The part that adds to the allowances, and takes from them what was held."""
    return TOOK.format(**{name: one.format("roomy") for name, one in shares.items()})


ENDED: Final = """ended AS (
    DELETE FROM holds
    USING placed, own
    WHERE holds.merchant_id = $1 AND holds.order_id = $2
), unheld AS (
    DELETE FROM held_allowances
    USING placed
    WHERE held_allowances.merchant_id = $1 AND held_allowances.order_id = $2
), """
"""The order id holds nothing any more."""
