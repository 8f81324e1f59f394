"""The parts of the statement that places an order which keep the limits of cart promotions.

Why no limit is exceeded, part by part. All parts see the same snapshot.

- `steady` takes a shared advisory lock on each cart promotion that applies, if it is free, and then
  reads the price version again (`steady_limits`). A transaction that adds or removes limits of a
  promotion takes the lock exclusively (`allowances`), counts what orders took, and keeps the lock
  until its commit. So an order is either committed before the count, or placed after it, at the new
  price version.
- `wanted` is what the order takes: uses, uses by its customer, money. `held` locks the newest
  version of these allowances' rows, and skips rows that another order has locked.
- `roomy` has the rows that have room, and whose locked version is the one in the snapshot. A row
  that changed after the snapshot has a newer version, and is not in it.
- `fresh` has the allowances without a row in the snapshot: no order took anything of them yet.
- `clear` has a row if the snapshot has all that the order needs: what `orders` requires of each
  order, and each of `wanted` in `roomy` or `fresh`. So the lock and the condition in `roomy` are
  what keeps a limit, never a read before them.
- `began` inserts the rows of `fresh` if `clear` has a row. If another order has inserted one of
  them since the snapshot, it is not inserted. If that order is still open, the insert waits until
  it has ended, for a second at most.
- `placed` (in `orders`) requires that `began` inserted all of `fresh`. Otherwise the order is not
  placed, and is tried again with the other's row in its snapshot. This is not an error of the
  server: a customer who orders twice at the same time leaves no line in its log.
- `took` adds to the rows of `roomy`. This transaction has locked each of them, in the version that
  the snapshot has.

If the order is not placed although `began` inserted rows, these must go. Then the last part divides
by zero, and the error undoes the whole statement. It takes rare cases: a customer whose order
begins two allowances while another order of theirs begins one of them; or an order with the same
id, or another first order of the customer, that begins none of them and is committed between the
snapshot and the insert.

A unique index (`first_orders`) allows a customer one first order. Of two, one is placed; the other
conflicts with it and is tried again. `clear` also requires that no other order of the customer
counts. A lowered limit renews the price version, so an order that was priced before is not placed.

**Ample limits.** So far orders skip each other's rows, and only one at a time takes from a limit:
an order that finds the row locked is tried again. That is as exact for the last use as for any. But
while much is left of a limit that all orders share, its row would be locked from the start of each
statement to its commit. So an order takes last what is ample (`domain.allowances`), and waits for
the row:

- Totals and budgets alone can be ample. Their rows exist as long as the limit (`allowances`).
- `written` ends after all redemptions and counters are written. It has a row only if `placed` has
  one.
- `took_last` adds to each ample row that has room. ON CONFLICT finds a row by its key, in its
  newest version. If another order has changed it and is still open, it waits for that order's end.
  Then it decides and adds on the newest version. So the limit is the condition of the update.
- If it misses a row, because the limit was used up meanwhile after all, the last part divides by
  zero. The error takes back the whole statement, and the order is tried again.

An order that also takes from scarce limits does both. Whether a limit counts as ample changes how
an order waits, and never what is counted.

No two orders wait for each other in a circle. An order waits for a row of `began` before it has
placed anything, in one fixed order. It waits for a row of `took_last` after that, in the same
order, and then for nothing more. All other locks that it takes are skipped by others. Whatever
gives back (`giving_back`) waits for allowances in this order too. An order that replaces another
one gives back before it takes. It would take in another order, so it takes nothing last.
"""

from collections.abc import Sequence
from typing import Final

from sconto.domain.allowances import Allowance, LimitClaim
from sconto.store.allowance_sql import allowance_of, locked_allowances
from sconto.store.past_customers import HAS_PAST_ORDER
from sconto.store.steady_limits import steady

STEADY: Final = steady("unnest($19::bigint[]) AS applied (promotion_id)")

HELD: Final = f"""{STEADY}wanted AS MATERIALIZED (
    SELECT *
    FROM unnest($20::bigint[], $21::text[], $22::text[], $23::text[]::numeric[],
                $24::text[]::numeric[]) AS one (promotion_id, scope, key, amount, most)
), held AS MATERIALIZED (
    {locked_allowances("wanted")}
), known AS MATERIALIZED (
    SELECT wanted.*, allowance.place, allowance.taken
    FROM wanted
    {allowance_of("wanted", "taken")}
), roomy AS MATERIALIZED (
    SELECT known.*
    FROM known
    JOIN held ON held.place = known.place
    WHERE known.taken + known.amount <= known.most
), fresh AS MATERIALIZED (
    SELECT * FROM known WHERE place IS NULL AND amount <= most
), """  # noqa: S608  # of our own constants

_NO_EARLIER_ORDER: Final = f"""NOT ($18 AND (EXISTS (
          SELECT FROM orders
          WHERE merchant_id = $1 AND customer_id = $17 AND status <> 'deleted' AND order_id <> $2
      ) OR {HAS_PAST_ORDER.format(customer="$17::text")}))"""  # of our own constants

BEGAN: Final = f"""clear AS MATERIALIZED (
    SELECT true AS is_clear
    FROM {{clear}}
      AND (SELECT is_steady FROM steady)
      AND (SELECT count(*) FROM roomy) + (SELECT count(*) FROM fresh) = cardinality($20::bigint[])
      AND NOT EXISTS (SELECT FROM orders WHERE merchant_id = $1 AND order_id = $2)
      AND {_NO_EARLIER_ORDER}
), began AS (
    INSERT INTO allowances (merchant_id, promotion_id, scope, key, taken)
    SELECT $1, fresh.promotion_id, fresh.scope, fresh.key, fresh.amount
    FROM clear
    CROSS JOIN fresh
    ORDER BY fresh.promotion_id, fresh.scope, fresh.key
    ON CONFLICT DO NOTHING
    RETURNING promotion_id
), """  # noqa: S608  # of our own constants

ALL_BEGAN: Final = """clear
    WHERE (SELECT count(*) FROM began) = (SELECT count(*) FROM fresh)"""

TOOK: Final = """took AS (
    UPDATE allowances SET taken = allowances.taken + roomy.amount
    FROM placed
    CROSS JOIN roomy
    WHERE allowances.merchant_id = $1 AND allowances.promotion_id = roomy.promotion_id
      AND allowances.scope = roomy.scope AND allowances.key = roomy.key
), """

ALL_STEADY: Final = f"""
      AND (SELECT is_steady FROM steady)
      AND {_NO_EARLIER_ORDER}"""  # noqa: S608  # of our own constants
"""What an order requires that takes from ample allowances alone."""

RETURNING: Final = "RETURNING true"
"""By it `written` knows that a part has ended."""

TOOK_LAST: Final = f""", written AS MATERIALIZED (
    SELECT (SELECT count(*) FROM recorded), (SELECT count(*) FROM counted),
           (SELECT count(*) FROM order_counted)
    FROM placed
), took_last AS (
    INSERT INTO allowances (merchant_id, promotion_id, scope, key, taken)
    SELECT $1, unnest(${{0}}::bigint[]), unnest(${{1}}::text[]), unnest(${{2}}::text[]),
           unnest(${{3}}::text[]::numeric[])
    FROM written
    ON CONFLICT (merchant_id, promotion_id, scope, key) DO UPDATE
    SET taken = allowances.taken + excluded.taken
    WHERE allowances.taken + excluded.taken <= (
        SELECT most
        FROM unnest(${{0}}::bigint[], ${{1}}::text[], ${{2}}::text[], ${{4}}::text[]::numeric[])
            AS one (promotion_id, scope, key, most)
        WHERE one.promotion_id = excluded.promotion_id AND one.scope = excluded.scope
          AND one.key = excluded.key
    )
    {RETURNING}
)"""  # noqa: S608  # of our own constants
"""To be formatted with the numbers of the parameters of the ample allowances."""

IS_PLACED: Final = """CASE
    WHEN EXISTS (SELECT FROM placed) THEN true
    WHEN EXISTS (SELECT FROM began) THEN 1 / (SELECT count(*) FROM placed) = 1
    ELSE false
END"""

_TOOK_ALL: Final = "1 / ((SELECT count(*) FROM took_last) / cardinality(${0}::bigint[])) = 1"

IS_PLACED_AND_TOOK: Final = IS_PLACED.replace("THEN true", f"THEN {_TOOK_ALL}", 1)
IS_PLACED_IF_TOOK: Final = f"CASE WHEN EXISTS (SELECT FROM placed) THEN {_TOOK_ALL} ELSE false END"
"""Of an order that takes from ample allowances; the second, of one that takes from them alone.

To be formatted with the number of their first parameter.
"""


def limit_arguments(claim: LimitClaim) -> tuple[object, ...]:
    """The arguments of limits, from $19 on; amounts as texts, as in `orders`."""
    return (claim.promotion_ids, *allowance_arguments(claim.allowances))


def allowance_arguments(allowances: Sequence[Allowance]) -> tuple[object, ...]:
    """The five arguments of allowances."""
    return (
        [one.promotion_id for one in allowances],
        [one.scope for one in allowances],
        [one.key for one in allowances],
        [str(one.amount) for one in allowances],
        [None if one.most is None else str(one.most) for one in allowances],
    )
