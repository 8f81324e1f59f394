"""Holds: made, replaced and released, each by one statement that is exact against orders.

Why nothing is promised twice. A hold is priced like an order, from one snapshot. `_HOLD` then
writes it, and has the parts of the statement that places an order (`orders`), for the same reasons.
All parts see one snapshot, and what they lock counts only in the version that the snapshot has.

1. `mine` locks the hold that the order id has. `own` is it in the version of the snapshot, and must
  be the one that was read.
2. `free` and `seen` lock the one-time codes that the hold wants and those that it no longer needs.
  A code can be held if no order has used it and no other order id holds it at this time.
3. `held` locks the allowances, `roomy` are those with room after what orders took and what others
  hold at this time, and `fresh` are those that have no row yet (`order_limits`, `held_parts`).
4. `alone` is the advisory lock of the order id, as for an order.
5. `clear` has a row if all of these exist, no order has the id, and the prices are current.
6. `renewed` or `opened` writes the hold. Of two first holds of an id, the primary key allows one.
7. Only if that wrote a row (`placed`), `taken` marks the codes, `took` adds to what the allowances
  hold, `robbed` deletes ended rows of others, `unheld` and `holding` write what the hold holds of
  each allowance, and `queued` its event. Nothing is counted as a redemption.

So a limit is a lock and a condition, never a read before them. A killed process or a lost
connection leaves all of it or nothing, and the hold sent again is the same hold.

A hold ends in one of four ways, and each deletes its row: its order (`held_orders`), another hold
of the id, `_RELEASE` at the shop's request, and `_RELEASE` by a sweep after its end. Its codes and
limits are free without the sweep: every statement compares the end with the time that it is given.

A hold and an order of one id that are sent together may both be written, if the hold's statement
began before the order was committed. Such a hold promises nothing, because the id is taken, and is
free at its end.

The first hold of a merchant sets `has_holds` with a new price version. So an order that was priced
without looking for holds is not placed after it.
"""

import secrets
from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.allowances import LimitClaim
from sconto.domain.events import EventType
from sconto.domain.holds import Hold, codes_of
from sconto.store import held_parts, order_limits
from sconto.store.allowance_sql import allowance_of, locked_allowances
from sconto.store.candidates import Versions
from sconto.store.database import Connection
from sconto.store.hold_rows import HOLD_COLUMNS, decode_hold
from sconto.store.node_calls import NodeFunction
from sconto.store.order_limits import limit_arguments
from sconto.store.orders import OrderRaceLost
from sconto.store.outcomes import encode_outcome, encode_request
from sconto.store.polls import Poll
from sconto.store.price_versions import first_of
from sconto.store.steady_limits import steady

_START: Final = first_of("has_holds") + "RETURNING has_holds"

_ALONE: Final = """alone AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock(hashtextextended('order ' || $2::text, $1::bigint))
               AS id_is_free,
           set_config('lock_timeout', '1s', true)
), """

_RECORDING: Final = """recording AS MATERIALIZED (
    SELECT merchant_id FROM timeline_versions WHERE merchant_id = $1 AND records_events
), """

_STORED: Final = ", ".join(
    f"holds.{column}"
    for column in (
        "order_id", "created_at", "expires_at", "replaces", "outcome", "request", "is_first",
    )
)  # fmt: skip

_HOLD: Final = f"""
WITH {held_parts.MINE}{held_parts.CODES.format(can_be_taken=held_parts.FREE_FOR_HOLD)}
{held_parts.limited(12)}{held_parts.LIMITS}{_ALONE}clear AS MATERIALIZED (
    SELECT true AS is_clear
    FROM alone
    WHERE id_is_free
      AND {held_parts.is_as_read("$19")}
      AND {held_parts.CODES_ARE_SEEN}
      AND (SELECT is_steady FROM steady)
      AND {held_parts.LIMITS_ARE_SEEN}
      AND {held_parts.NO_ORDER}
      AND $8::bigint[] = coalesce((
          SELECT ARRAY[version, price_version] FROM timeline_versions WHERE merchant_id = $1
      ), '{{}}')
      AND {held_parts.first_order("$10", "$11")}
), {held_parts.began(held_parts.BY_HOLD)}renewed AS (
    UPDATE holds
    SET created_at = $3, expires_at = $7, replaces = $4, outcome = $5::json, request = $9::json,
        customer_id = $10, is_first = $11, code_ids = $6, allowances = cardinality($13),
        version = $18
    FROM clear
    CROSS JOIN own
    WHERE holds.merchant_id = $1 AND holds.order_id = $2 AND {held_parts.ALL_BEGAN}
    RETURNING holds.order_id
), opened AS (
    INSERT INTO holds (merchant_id, order_id, created_at, expires_at, replaces, outcome, request,
                       customer_id, is_first, code_ids, allowances, version)
    SELECT $1, $2, $3, $7, $4, $5::json, $9::json, $10, $11::boolean, $6, cardinality($13),
           $18
    FROM clear
    WHERE {held_parts.ALL_BEGAN} AND NOT EXISTS (SELECT true FROM own)
    ON CONFLICT DO NOTHING
    RETURNING order_id
), placed AS MATERIALIZED (
    SELECT order_id FROM renewed
    UNION ALL
    SELECT order_id FROM opened
), taken AS (
    UPDATE codes
    SET held_for = CASE WHEN is_wanted THEN $2 END, held_until = CASE WHEN is_wanted THEN $7 END
    FROM placed
    CROSS JOIN seen
    WHERE codes.merchant_id = $1 AND codes.code_id = seen.code_id
      AND codes.code_id = ANY (ARRAY(SELECT code_id FROM seen))
), {held_parts.took(held_parts.BY_HOLD)}unheld AS (
    DELETE FROM held_allowances AS one
    USING placed, kept
    WHERE one.merchant_id = $1 AND one.order_id = $2 AND one.promotion_id = kept.promotion_id
      AND one.scope = kept.scope AND one.key = kept.key AND NOT kept.is_wanted
), holding AS (
    INSERT INTO held_allowances (merchant_id, promotion_id, scope, key, order_id, amount,
                                 expires_at)
    SELECT $1, promotion_id, scope, key, $2, greatest(amount, 0), $7
    FROM placed
    CROSS JOIN wanted
    ON CONFLICT (merchant_id, promotion_id, scope, key, order_id)
    DO UPDATE SET amount = excluded.amount, expires_at = excluded.expires_at
), {_RECORDING}queued AS (
    INSERT INTO event_outbox (merchant_id, type, object, occurred_at, subject)
    SELECT $1, '{EventType.HOLD_CREATED}', 'order ' || $2, $3, json_build_object(
        'order_id', $2, 'created_at', $3, 'expires_at', $7, 'replaces', $4,
        'outcome', $5::json, 'request', $9::json, 'is_first', $11)
    FROM placed
    CROSS JOIN recording
)
SELECT {order_limits.IS_PLACED}
"""  # noqa: S608  # of our own constants

# $4 says whether the released hold has ended. So a sweep releases no hold that was renewed.
_RELEASE: Final = f"""
WITH mine AS MATERIALIZED (
    SELECT ctid AS place
    FROM holds
    WHERE merchant_id = $1 AND order_id = $2 AND (expires_at <= $3) = $4
    FOR UPDATE SKIP LOCKED
), own AS MATERIALIZED (
    SELECT holds.*, mine.place
    FROM mine
    JOIN holds ON holds.ctid = mine.place
    WHERE holds.merchant_id = $1
), free AS MATERIALIZED (
    SELECT code.code_id, code.place
    FROM own
    CROSS JOIN unnest(code_ids) AS held (code_id)
    CROSS JOIN LATERAL (
        SELECT code_id, ctid AS place
        FROM codes
        WHERE merchant_id = $1 AND code_id = held.code_id AND held_for = $2
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) AS code
), seen AS MATERIALIZED (
    SELECT free.code_id
    FROM free
    JOIN codes ON codes.ctid = free.place
    WHERE codes.merchant_id = $1
), mine_of AS MATERIALIZED (
    SELECT promotion_id, scope, key, amount, allowance.place
    FROM held_allowances
    {allowance_of("held_allowances")}
    WHERE merchant_id = $1 AND order_id = $2
), held AS MATERIALIZED (
    {locked_allowances("mine_of")}
), {steady("(SELECT DISTINCT promotion_id FROM mine_of) AS applied")}placed AS (
    DELETE FROM holds
    USING own
    WHERE holds.merchant_id = $1 AND holds.order_id = $2
      AND (SELECT is_steady FROM steady)
      AND NOT EXISTS (
          SELECT true FROM mine_of
          WHERE place IS NOT NULL AND place NOT IN (SELECT held.place FROM held))
      AND (SELECT count(*) FROM seen) = (
          SELECT count(*) FROM codes
          WHERE merchant_id = $1 AND code_id = ANY (own.code_ids) AND held_for = $2)
    RETURNING {_STORED}
), took AS (
    UPDATE allowances SET held = held - mine_of.amount
    FROM placed
    CROSS JOIN mine_of
    WHERE allowances.merchant_id = $1 AND allowances.promotion_id = mine_of.promotion_id
      AND allowances.scope = mine_of.scope AND allowances.key = mine_of.key
), unheld AS (
    DELETE FROM held_allowances
    USING placed
    WHERE held_allowances.merchant_id = $1 AND held_allowances.order_id = $2
), freed AS (
    UPDATE codes SET held_for = NULL, held_until = NULL
    FROM placed
    WHERE codes.merchant_id = $1 AND codes.code_id = ANY (ARRAY(SELECT code_id FROM seen))
), {_RECORDING}queued AS (
    INSERT INTO event_outbox (merchant_id, type, object, occurred_at, subject)
    SELECT $1, $5, 'order ' || $2, least($3, expires_at), row_to_json(placed)
    FROM placed
    CROSS JOIN recording
)
SELECT EXISTS (SELECT true FROM placed) AS is_released,
       EXISTS (
           SELECT true FROM holds
           WHERE merchant_id = $1 AND order_id = $2 AND (expires_at <= $3) = $4
       ) AS exists
"""  # noqa: S608  # of our own constants

# A hold that was made together with the order of its id promises nothing.
_FIND: Final = f"""
SELECT row_to_json(hold)
FROM (
    SELECT {HOLD_COLUMNS} FROM holds
    WHERE merchant_id = $1 AND order_id = $2 AND {held_parts.NO_ORDER}
) AS hold
"""  # noqa: S608  # of our own constants

LIST_MERCHANTS: Final = Poll("""
SELECT merchant_id
FROM timeline_versions
WHERE has_holds AND EXISTS (
    SELECT FROM holds
    WHERE holds.merchant_id = timeline_versions.merchant_id AND expires_at <= $1
)
ORDER BY merchant_id
""")

_LIST_OVER: Final = """
SELECT order_id FROM holds
WHERE merchant_id = $1 AND expires_at <= $2
ORDER BY expires_at
LIMIT $3
"""


_START_ON_NODE: Final = NodeFunction(_START, writes=True)
_HOLD_ON_NODE: Final = NodeFunction(_HOLD, writes=True)
_RELEASE_ON_NODE: Final = NodeFunction(_RELEASE, writes=True)
_FIND_ON_NODE: Final = NodeFunction(_FIND)

ON_NODES: Final = (_START_ON_NODE, _HOLD_ON_NODE, _RELEASE_ON_NODE, _FIND_ON_NODE)
"""The functions of these statements on the nodes of a distributed database."""


async def start_holds(connection: Connection, merchant_id: int) -> None:
    """From now on, statements of this merchant look for holds."""
    await _START_ON_NODE.fetchval(connection, merchant_id, secrets.randbits(63))


async def find_hold(connection: Connection, merchant_id: int, order_id: str) -> Hold | None:
    """The hold of the order id, even if it has ended; None if there is none, or an order."""
    row = await _FIND_ON_NODE.fetchval(connection, merchant_id, order_id)
    return None if row is None else decode_hold(row)


async def put_hold(
    connection: Connection,
    merchant_id: int,
    hold: Hold,
    versions: Versions,
    claim: LimitClaim,
    before: Hold | None,
) -> None:
    """Make the hold, in place of the one that its order id had `before`.

    `versions` are those that it was priced at, and `claim` is what it holds of limits. Raises
    OrderRaceLost if something changed since, or is being changed; then nothing was written.
    """
    codes = codes_of(hold)
    arguments: tuple[object, ...] = (
        merchant_id,
        hold.order_id,
        hold.created_at,
        hold.replaces,
        encode_outcome(hold.outcome),
        codes,
        hold.expires_at,
        versions[:2],
        encode_request(hold.cart),
        hold.cart.customer.id,
        hold.is_first,
        *limit_arguments(claim),
        secrets.randbits(63),
        None if before is None else before.version,
    )
    try:
        made = await _HOLD_ON_NODE.fetchval(connection, *arguments)
    except (asyncpg.LockNotAvailableError, asyncpg.DivisionByZeroError):
        made = False
    if not made:
        raise OrderRaceLost(hold.order_id, *codes, *claim.contested)


async def release_hold(
    connection: Connection, merchant_id: int, order_id: str, now: datetime, *, over: bool
) -> bool:
    """Release the hold of the order id; False if it has no such hold.

    With `over` only a hold that has ended, without it only one that has not. Raises OrderRaceLost
    if another transaction is using the hold, one of its codes or allowances.
    """
    type_ = EventType.HOLD_EXPIRED if over else EventType.HOLD_RELEASED
    row = await _RELEASE_ON_NODE.fetchrow(connection, merchant_id, order_id, now, over, type_)
    assert row is not None  # noqa: S101 - a row is asked for
    if row["is_released"]:
        return True
    if row["exists"]:
        raise OrderRaceLost(order_id)
    return False


async def list_merchants_with_ended(connection: Connection, now: datetime) -> list[int]:
    """The merchants that have a hold which has ended."""
    return [row["merchant_id"] for row in await LIST_MERCHANTS.fetch(connection, now)]


async def list_ended(
    connection: Connection, merchant_id: int, now: datetime, limit: int
) -> list[str]:
    """The order ids of holds that have ended, the longest ago first."""
    rows = await connection.fetch(_LIST_OVER, merchant_id, now, limit)
    return [row["order_id"] for row in rows]
