"""The parts of the statement that places an order which keep the limits of cart promotions.

Why no limit is exceeded, part by part. All parts see the statement's one snapshot.

- `steady` takes a shared advisory lock on each cart promotion that applies, if it is free. A
  transaction that adds or removes limits of a promotion takes the lock exclusively (`allowances`),
  counts what orders took, and releases it with its commit. So each order either was committed
  before the count, or is placed after it, at the new price version.
- `wanted` is what the order takes: uses, uses by its customer, money. `held` locks the rows of
  these allowances in their newest version, and skips those that another order has locked.
- `roomy` are the rows whose locked version is the one in the snapshot, and which have room. A row
  that was changed after the snapshot has a newer version, which does not join.
- `fresh` are allowances without a row in the snapshot, because nothing is taken of them.
- `placed` (in `orders`) requires that all of `wanted` are in `roomy` or `fresh`. So a limit is the
  lock and the condition in `roomy`, never a read before them.
- `took` adds to the rows of `roomy`: each is locked by this transaction, and its version is in the
  snapshot. `began` inserts those of `fresh`. If another order has inserted one since the snapshot,
  the primary key fails the whole statement. Nothing is written, and the order is tried again.

A customer's first order is a unique index (`first_orders`). Of two first orders, one is placed; the
other conflicts with it and is tried again. `placed` also requires that no other order of the
customer counts. A lowered limit renews the price version, so an order priced before it is not
placed after it.
"""

from typing import Final

from sconto.domain.allowances import LimitClaim
from sconto.store.past_customers import HAS_PAST_ORDER

HELD: Final = """steady AS MATERIALIZED (
    SELECT coalesce(bool_and(pg_try_advisory_xact_lock_shared(
               hashtextextended('cart promotion ' || promotion_id, $1::bigint))), true) AS is_steady
    FROM unnest($19::bigint[]) AS applied (promotion_id)
), wanted AS MATERIALIZED (
    SELECT *
    FROM unnest($20::bigint[], $21::text[], $22::text[], $23::text[]::numeric[],
                $24::text[]::numeric[]) AS one (promotion_id, scope, key, amount, most)
), held AS MATERIALIZED (
    SELECT allowance.place
    FROM wanted
    CROSS JOIN LATERAL (
        SELECT ctid AS place
        FROM allowances
        WHERE merchant_id = $1 AND promotion_id = wanted.promotion_id AND scope = wanted.scope
          AND key = wanted.key
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS allowance
), known AS MATERIALIZED (
    SELECT wanted.*, allowance.place, allowance.taken
    FROM wanted
    LEFT JOIN LATERAL (
        SELECT ctid AS place, taken
        FROM allowances
        WHERE merchant_id = $1 AND promotion_id = wanted.promotion_id AND scope = wanted.scope
          AND key = wanted.key
        LIMIT 1
    ) AS allowance ON true
), roomy AS MATERIALIZED (
    SELECT known.*
    FROM known
    JOIN held ON held.place = known.place
    WHERE known.taken + known.amount <= known.most
), fresh AS MATERIALIZED (
    SELECT * FROM known WHERE place IS NULL AND amount <= most
), """

HAS_ROOM: Final = f"""
      AND (SELECT is_steady FROM steady)
      AND (SELECT count(*) FROM roomy) + (SELECT count(*) FROM fresh) = cardinality($20::bigint[])
      AND NOT ($18 AND (EXISTS (
          SELECT FROM orders
          WHERE merchant_id = $1 AND customer_id = $17 AND status <> 'deleted' AND order_id <> $2
      ) OR {HAS_PAST_ORDER.format(customer="$17::text")}))"""  # noqa: S608  # of our own constants

TOOK: Final = """took AS (
    UPDATE allowances SET taken = allowances.taken + roomy.amount
    FROM placed
    CROSS JOIN roomy
    WHERE allowances.merchant_id = $1 AND allowances.ctid = roomy.place
), began AS (
    INSERT INTO allowances (merchant_id, promotion_id, scope, key, taken)
    SELECT $1, fresh.promotion_id, fresh.scope, fresh.key, fresh.amount
    FROM placed
    CROSS JOIN fresh
    ORDER BY fresh.promotion_id, fresh.scope, fresh.key
), """


def limit_arguments(claim: LimitClaim) -> tuple[object, ...]:
    """The last arguments of the statement, from $19 on; amounts as texts, as in `orders`."""
    allowances = claim.allowances
    return (
        claim.promotion_ids,
        [one.promotion_id for one in allowances],
        [one.scope for one in allowances],
        [one.key for one in allowances],
        [str(one.amount) for one in allowances],
        [str(one.most) for one in allowances],
    )
