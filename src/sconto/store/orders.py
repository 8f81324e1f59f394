"""Orders: placed once, counted exactly, and waiting for each other in PostgreSQL for moments only.

Why the counting is exact, statement by statement. An order is priced from one snapshot
(`candidates.read_candidates_of_carts`), or from what is cached of one
(`candidates.find_cached_candidates`). What it writes is one transaction, and only this module
writes it. Without `REPLACE` that is `_PLACE` alone (`order_statements`), which is a transaction by
itself.

1. `REPLACE` runs only if the order replaces another one. It locks the other order's row, which
   must still be `not paid`, marks it deleted, and frees its one-time codes. The codes stay locked
   by this transaction. What they count stays, because the redemptions of the replaced order stay.
   If another transaction has the row or one of the codes locked, the caller rolls back.
2. `_PLACE` is one statement, and all its parts see the same snapshot. Its parts, each after those
   that it needs:
   - `free` locks the newest version of the wanted one-time codes that no order has used. It skips
     codes that another transaction has locked.
   - `alone` takes an advisory lock on the order's id, if it is free.
   - `placed` inserts the order if `free` has all wanted codes, `alone` has the lock, the merchant's
     versions are those that the order was priced at, and no order has the id. The primary key
     guarantees that an id has one order.
   - `taken` marks the codes of `free` as used, and adds what the order redeems by each. It finds
     all of them: this transaction has locked them, and an UPDATE of a row that changed after the
     snapshot goes on to its newest version.
   - `recorded` inserts the redemptions (`picked`). Of each promotion and code, one redemption has
     the order's time, by which lists find it (`order_lists`).
   - `slot` is the slot for the counters, and `tally` what the order adds to them. `counted` adds
     the redemptions to the counters of that slot. So the counters always equal the sum of the
     redemptions, and the redemptions always equal the stored outcomes.
   - `order_counted` counts the order for the merchant and its promotions (`order_counts`), and the
     order's `is_counted` is true. An order with false or null is counted later (`order_counting`).
   - `queued` writes the order's events to the outbox (`event_outbox`). Only the statements of
     merchants that record events have it. Recording starts with a new price version, so an order
     priced before that is not placed without its event.
   All parts after `placed` do nothing if `placed` has no row. So everything is written or nothing,
   and the number of rows in `placed` is the answer. A lost race is not an error of the server. The
   lock and the condition in `free` are what limits a one-time code, never a read before them.
   Redemptions by a reusable code are counted by code. Redemptions by a one-time code are counted
   twice, with the same sums: on the code's row, which is written anyway, and for its promotion
   under ALL_ONE_TIME_CODES. So a promotion with a million codes has as few counters as one with a
   single code. The type is the one that the order was priced with. If that was one-time, the code
   is one of those that `taken` marked, even if the promotion's type has changed since.
3. COMMIT, or the end of `_PLACE`. If the connection drops before the server gets there, nothing
   happened. If it drops later, everything happened, and only the answer is lost. The caller sends
   the same order again. If it is stored, the stored answer is sent; if not, it is placed. In both
   cases it is counted once.

A killed process is a dropped connection. Each statement must see what was committed before it, so
every connection asks for READ COMMITTED.

Why an order's prices are current. `placed` compares the versions of the timeline and of all prices
(`price_versions`) in the snapshot of the statement that writes. So the prices include every edit
that was committed before that snapshot. If the order was priced from the cache, `placed` also
requires that the catalogue has all products of the cart, as the price assumes. Nothing else that
the price depends on can change without the versions.

The statement waits for no other order, unless both take from one limit (`order_limits`): it skips
locked codes, and does not wait for the advisory lock on the id. If it has to wait for anything
else, such as a counter that an administrator locked by hand, `lock_timeout` ends it.

Why orders do not wait. Adding to a counter locks its row. With one row for each counter, all orders
that share a promotion would wait for each other's commit. So each counter has a row for each slot,
and an order takes the lowest slot whose advisory lock is free. The locks belong to the transaction:
they end with a commit, a rollback or a crash, and work through a pooler in transaction mode. A
counter has at most as many rows a day as there were concurrent orders; `counters` folds them when
the day is over. Orders take no lock on merchants, promotions, reusable codes or products, and no
foreign key locks a row. If a code or an id is locked, nothing is written, and the process tries the
order again (`operations.checkout`).
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

import asyncpg

from sconto.domain.allowances import NO_CLAIM, LimitClaim
from sconto.domain.holds import OwnHold
from sconto.domain.order import StoredOrder
from sconto.domain.redemption import one_time_codes, redemptions_of
from sconto.store import order_counts, order_redemptions
from sconto.store.candidates import Versions
from sconto.store.database import Connection
from sconto.store.node_calls import NodeFunction
from sconto.store.order_limits import allowance_arguments, limit_arguments
from sconto.store.order_statements import STATEMENTS
from sconto.store.outcomes import encode_outcome, encode_request
from sconto.store.stored_amounts import stored_discount


class OrderRaceLost(Exception):
    """Something changed since the stored state was read, or is being changed; nothing was written.

    `wanted` are the ids of orders and codes that another transaction may be using.
    """

    def __init__(self, *wanted: str | int) -> None:
        super().__init__(f"somebody else may be using one of {wanted}")
        self.wanted = wanted


# A row that was changed after the snapshot is locked in its newest version, and the update decides
# on that version.
REPLACE: Final = """
WITH held AS MATERIALIZED (
    SELECT order_id
    FROM orders
    WHERE merchant_id = $1 AND order_id = $3 AND status = 'not paid'
    FOR NO KEY UPDATE SKIP LOCKED
), replaced AS (
    UPDATE orders SET status = 'deleted', replaced_by = $2
    WHERE merchant_id = $1 AND order_id = (SELECT order_id FROM held) AND status = 'not paid'
    RETURNING order_id
), redeemed AS MATERIALIZED (
    SELECT DISTINCT code_id
    FROM redemptions
    WHERE merchant_id = $1 AND order_id = $3 AND code_type = 'one-time'
), locked AS MATERIALIZED (
    SELECT code.code_id
    FROM redeemed
    CROSS JOIN LATERAL (
        SELECT code_id
        FROM codes
        WHERE merchant_id = $1 AND code_id = redeemed.code_id
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) AS code
), freed AS (
    UPDATE codes SET used_by = NULL, used_at = NULL
    WHERE merchant_id = $1 AND code_id = ANY (ARRAY(SELECT code_id FROM locked))
      AND used_by = (SELECT order_id FROM replaced)
)
SELECT EXISTS (SELECT FROM replaced)
       AND (SELECT count(*) FROM redeemed) = (SELECT count(*) FROM locked)
"""

_ON_NODES: Final = {key: NodeFunction(one, writes=True) for key, one in STATEMENTS.items()}

ON_NODES: Final = tuple(_ON_NODES.values())
"""The functions of these statements on the nodes of a distributed database."""


async def replace_order(connection: Connection, merchant_id: int, order: StoredOrder) -> None:
    """Delete the order that this one replaces, and free its one-time codes.

    Raises OrderRaceLost if that order cannot be replaced any more, or if another transaction is
    using it or one of its codes. Then the transaction must not be committed.
    """
    assert order.replaces is not None  # noqa: S101 - callers check it
    if not await connection.fetchval(REPLACE, merchant_id, order.order_id, order.replaces):
        raise OrderRaceLost(order.order_id, order.replaces)


def wanted_by(order: StoredOrder, claim: LimitClaim) -> tuple[str | int, ...]:
    """What an order needs that others may need too: its id, one-time codes and limits."""
    return (order.order_id, *one_time_codes(redemptions_of(order.outcome)), *claim.contested)


async def insert_order(
    connection: Connection,
    merchant_id: int,
    order: StoredOrder,
    day: date,
    versions: Versions | None,
    claim: LimitClaim = NO_CLAIM,
    own: OwnHold | None = None,
) -> None:
    """Place the order, with its redemptions, counters and used one-time codes.

    Its redemptions are counted on `day`. `versions` are those that it was priced at, and
    `claim` is what it takes of the limits of cart promotions. `own` is the hold of its id.
    Raises OrderRaceLost if one of its codes is not free, its id is taken, or prices have changed.
    Then this wrote nothing, and a transaction that wrote something before must not be committed.
    """
    key, arguments = placing(merchant_id, order, day, versions, claim, own)
    if not await _place(connection, key, arguments):
        raise OrderRaceLost(*wanted_by(order, claim))


async def insert_order_at_cached_prices(
    connection: Connection,
    merchant_id: int,
    order: StoredOrder,
    day: date,
    versions: Versions,
    claim: LimitClaim,
    products: Sequence[int],
) -> bool:
    """Place an order that was priced from the cache; it has no hold and no one-time codes.

    `products` are those of its cart. Returns False if its id is taken, prices have changed, or the
    catalogue lacks one of the products. Then this wrote nothing.
    """
    (parts, has_events), arguments = placing(merchant_id, order, day, versions, claim, None)
    parts = "cached with limits" if parts == "limits" else "cached"
    return await _place(connection, (parts, has_events), (*arguments, products))


async def _place(
    connection: Connection, key: tuple[str, bool], arguments: Sequence[object]
) -> bool:
    try:
        return bool(await _ON_NODES[key].fetchval(connection, *arguments))
    except (asyncpg.LockNotAvailableError, asyncpg.DivisionByZeroError):
        return False


def placing(
    merchant_id: int,
    order: StoredOrder,
    day: date,
    versions: Versions | None,
    claim: LimitClaim,
    own: OwnHold | None,
) -> tuple[tuple[str, bool], Sequence[object]]:
    """The statement that places the order, and its arguments."""
    redemptions = redemptions_of(order.outcome)
    used_up = one_time_codes(redemptions)
    currency = order.outcome.currency
    arguments: tuple[object, ...] = (
        merchant_id,
        order.order_id,
        order.created_at,
        order.replaces,
        encode_outcome(order.outcome),
        used_up,
        *order_redemptions.redemption_arguments(redemptions, currency),
        stored_discount(order.outcome.total, currency),
        currency,
        day,
        () if versions is None else versions[:2],
        None if order.cart is None else encode_request(order.cart),
        order.customer_id,
        claim.is_first,
    )
    parts = _parts_for(claim, versions, own, uses_codes=bool(used_up))
    arguments += _limit_arguments_for(parts, claim, own)
    arguments += order_counts.tally_arguments(order.outcome, redemptions)
    has_events = versions is not None and versions.records_events
    return (parts, has_events), arguments


def _parts_for(
    claim: LimitClaim, versions: Versions | None, own: OwnHold | None, *, uses_codes: bool
) -> str:
    """The smallest form of the statement that has all parts that the order needs."""
    if own is not None and own.is_kept:
        return "promised"
    parts = "codes" if uses_codes else "none"
    if claim.promotion_ids:
        parts = "limits"
        if claim.ample:
            parts = "ample limits with codes" if uses_codes else "ample limits"
            if claim.scarce:
                parts = "both limits"
    if own is not None or (versions is not None and versions.has_holds):
        is_alone = own is None and parts == "none"
        parts = "none with holds" if is_alone else "with holds"
    return parts


def _limit_arguments_for(parts: str, claim: LimitClaim, own: OwnHold | None) -> tuple[object, ...]:
    match parts:
        case "limits":
            return limit_arguments(claim)
        case "ample limits" | "ample limits with codes":
            return (claim.promotion_ids, *allowance_arguments(claim.ample))
        case "both limits":
            scarce, ample = map(allowance_arguments, (claim.scarce, claim.ample))
            return (claim.promotion_ids, *scarce, *ample)
        case "with holds" | "promised":
            return (*limit_arguments(claim), None if own is None else own.hold.version)
        case _:
            return ()
