"""Orders: placed once, counted exactly, and never waiting for each other in PostgreSQL.

Why the counting is exact, statement by statement. An order is priced from one snapshot
(`candidates.read_candidates_of_carts`). What it writes is one transaction, and only this module
writes it. Without `REPLACE` that is `_PLACE` alone, which is a transaction by itself.

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
that was committed before that snapshot. The statement waits for no other order: it skips locked
codes, and does not wait for the advisory lock on the id. If it has to wait for anything else, such
as a counter that an administrator locked by hand, `lock_timeout` ends it.

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
from sconto.store import held_orders, order_counts, order_limits, order_redemptions
from sconto.store.candidates import Versions
from sconto.store.database import Connection
from sconto.store.node_calls import NodeFunction
from sconto.store.order_limits import limit_arguments
from sconto.store.outcomes import ORDER_COLUMNS, decode_order, encode_outcome, encode_request
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

# generate_series in a select list yields one number at a time (in FROM it would yield all first).
# So with LIMIT 1 the locks are tried from the lowest slot to the first free one. The first number
# of an advisory lock says what it is for: 23559 is this module's. A lock with one number of 64 bits
# never collides with one of two numbers. If two ids hash to the same number, one of them tries
# again.
_PLACE_BY: Final = """
WITH {picked}{free}{held}alone AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock(hashtextextended('order ' || $2::text, $1::bigint))
               AS id_is_free,
           set_config('lock_timeout', '1s', true)
), {began}placed AS (
    INSERT INTO orders (merchant_id, order_id, status, replaces, created_at, outcome, request,
                        customer_id, is_first, is_counted)
    SELECT $1, $2, 'not paid', $4, $3, $5::json, $16::json, $17, $18::boolean, true
    FROM {where_clear}
    ON CONFLICT DO NOTHING
    RETURNING order_id
), {taken}{took}{queued}{recorded}slot AS MATERIALIZED (
    SELECT number
    FROM (SELECT generate_series(0, 32767) AS number FROM placed) AS slots
    WHERE pg_try_advisory_xact_lock(23559, number)
    LIMIT 1
), {tally}{counted}
SELECT {is_placed}
"""

_CLEAR: Final = """alone
    WHERE id_is_free AND {all_free}
      AND $15::bigint[] = coalesce((
          SELECT ARRAY[version, price_version] FROM timeline_versions WHERE merchant_id = $1
      ), '{{}}')"""

# Codes are locked in the order of their ids. Each is one look-up by the primary key, whatever the
# planner knows of the table: coalesce keeps it from the indexes of codes that are not removed. If a
# code is held, the merchant's first hold came after the snapshot.
_FREE: Final = """free AS MATERIALIZED (
    SELECT code.code_id
    FROM unnest($6::bigint[]) AS wanted (code_id)
    CROSS JOIN LATERAL (
        SELECT code_id
        FROM codes
        WHERE merchant_id = $1 AND code_id = wanted.code_id
          AND coalesce(used_at, removed_at, held_until) IS NULL
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) AS code
), """

# An array is looked up in the index of the primary key, however many codes the merchant has.
_TAKEN: Final = """taken AS (
    UPDATE codes
    SET used_by = $2, used_at = $3,
        applied_uses = applied_uses + (
            SELECT count(*) FROM picked WHERE picked.code_id = codes.code_id AND applied
        ),
        outdone_uses = outdone_uses + (
            SELECT count(*) FROM picked WHERE picked.code_id = codes.code_id AND NOT applied
        )
    WHERE merchant_id = $1
      AND code_id = ANY (ARRAY(SELECT free.code_id FROM placed CROSS JOIN free))
), """

# The event of the replaced order comes first, because it happens first.
_QUEUED: Final = """queued AS (
    INSERT INTO event_outbox (merchant_id, type, object, occurred_at)
    SELECT $1, event.type, 'order ' || event.order_id, $3
    FROM placed
    CROSS JOIN (VALUES ('order.replaced', $4), ('order.placed', $2)) AS event (type, order_id)
    WHERE event.order_id IS NOT NULL
), """

_CLEAR_WITH_CODES: Final = _CLEAR.format(
    all_free="(SELECT count(*) FROM free) = cardinality($6::bigint[])"
)
_TAKING: Final = {"free": _FREE, "taken": _TAKEN}
_WITHOUT_LIMITS: Final = {
    "held": "",
    "began": "",
    "took": "",
    "is_placed": "EXISTS (SELECT FROM placed)",
}
_WITH_LIMITS: Final = {
    "held": order_limits.HELD,
    "began": order_limits.BEGAN.format(clear=_CLEAR_WITH_CODES),
    "took": order_limits.TOOK,
    "is_placed": order_limits.IS_PLACED,
    "where_clear": order_limits.ALL_BEGAN,
}

# Most orders use up no code. Preparing for it would take a tenth of the statement's time.
_TAKING_NONE: Final = {
    "free": "",
    "taken": "",
    "where_clear": _CLEAR.format(all_free="$6::bigint[] = '{}'"),
}

# It takes nothing that may be held. Its id must still hold nothing.
_CLEAR_WITH_HOLDS: Final = f"""{_TAKING_NONE["where_clear"]}
      AND NOT EXISTS (SELECT FROM holds WHERE merchant_id = $1 AND order_id = $2)"""
_WITH_HOLDS: Final = {"is_placed": order_limits.IS_PLACED}

# Each form, with the number of its first counting parameter.
STATEMENTS: Final = {
    (parts, has_events): _PLACE_BY.format(
        **shape,
        picked=order_redemptions.PICKED,
        recorded=order_redemptions.RECORDED,
        tally=order_counts.TALLY.format(*range(first, first + 5)),
        counted=order_counts.COUNTED,
        queued=_QUEUED if has_events else "",
    )
    for parts, first, shape in (
        ("codes", 19, {**_TAKING, **_WITHOUT_LIMITS, "where_clear": _CLEAR_WITH_CODES}),
        ("limits", 25, {**_TAKING, **_WITH_LIMITS}),
        ("none", 19, {**_TAKING_NONE, **_WITHOUT_LIMITS}),
        (
            "none with holds",
            19,
            {**_TAKING_NONE, **_WITHOUT_LIMITS, "where_clear": _CLEAR_WITH_HOLDS},
        ),
        ("with holds", 26, {**held_orders.WITH_HOLDS, **_WITH_HOLDS}),
        ("promised", 26, {**held_orders.PROMISED, **_WITH_HOLDS}),
    )
    for has_events in (False, True)
}

_ON_NODES: Final = {key: NodeFunction(one, writes=True) for key, one in STATEMENTS.items()}

_FIND: Final = f"""
SELECT row_to_json(stored)
FROM (
    SELECT {ORDER_COLUMNS}
    FROM orders
    WHERE merchant_id = $1 AND order_id = $2
) AS stored
"""  # noqa: S608  # of our own constants

_FIND_ON_NODE: Final = NodeFunction(_FIND)

ON_NODES: Final = (*_ON_NODES.values(), _FIND_ON_NODE)
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
    try:
        placed = await _ON_NODES[key].fetchval(connection, *arguments)
    except (asyncpg.LockNotAvailableError, asyncpg.DivisionByZeroError):
        placed = False
    if not placed:
        raise OrderRaceLost(*wanted_by(order, claim))


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
    parts = "codes" if used_up else "none"
    if claim.promotion_ids:
        parts = "limits"
    if own is not None or (versions is not None and versions.has_holds):
        is_alone = own is None and parts == "none"
        parts = "none with holds" if is_alone else "with holds"
    if own is not None and own.is_kept:
        parts = "promised"
    if parts in ("limits", "with holds", "promised"):
        arguments += limit_arguments(claim)
        if parts in ("with holds", "promised"):
            arguments += (None if own is None else own.hold.version,)
    arguments += order_counts.tally_arguments(order.outcome, redemptions)
    has_events = versions is not None and versions.records_events
    return (parts, has_events), arguments


async def find_order(connection: Connection, merchant_id: int, order_id: str) -> StoredOrder | None:
    """The merchant's order with this id; None if there is none."""
    row = await _FIND_ON_NODE.fetchval(connection, merchant_id, order_id)
    return None if row is None else decode_order(row)
