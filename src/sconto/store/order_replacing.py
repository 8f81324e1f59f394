"""An order that replaces another one, placed by one call on the merchant's node.

It is used on a distributed database only. The function does what the transaction of an order does
elsewhere, with the same statements in the same sequence: `orders.REPLACE`, those of `giving_back`,
and the one that places the order. If the first or the last loses a race, everything is rolled back.
"""

from datetime import date
from typing import Final

from sconto.domain.allowances import NO_CLAIM, LimitClaim
from sconto.domain.holds import OwnHold
from sconto.domain.order import StoredOrder
from sconto.store.candidates import Versions
from sconto.store.database import Connection
from sconto.store.giving_back import giving_back
from sconto.store.node_calls import NodeFunction
from sconto.store.node_sql import Step
from sconto.store.order_statements import STATEMENTS
from sconto.store.orders import REPLACE, OrderRaceLost, placing, wanted_by

_ON_NODES: Final = {
    key: NodeFunction(
        statement,
        writes=True,
        before=(
            "BEGIN",
            Step(REPLACE, ("$1", "$2", "$4"), "is_done"),
            "IF NOT is_done THEN RAISE lock_not_available; END IF;",
            *giving_back("$4", "$3"),
        ),
        after=(
            "IF NOT <result> THEN RAISE lock_not_available; END IF;",
            "EXCEPTION WHEN lock_not_available OR deadlock_detected OR division_by_zero THEN",
            "<result> := false;",
            "END;",
        ),
    )
    for key, statement in STATEMENTS.items()
    if not key[0].startswith(("cached", "ample", "both"))
}

ON_NODES: Final = tuple(_ON_NODES.values())
"""The functions of these statements on the nodes of a distributed database."""


def replaces_in_one_call(connection: Connection) -> bool:
    """Whether the merchant's node can place an order that replaces another one."""
    return all(function.is_on(connection) for function in ON_NODES)


async def replace_and_insert_order(
    connection: Connection,
    merchant_id: int,
    order: StoredOrder,
    day: date,
    versions: Versions | None,
    claim: LimitClaim = NO_CLAIM,
    own: OwnHold | None = None,
) -> None:
    """As `insert_order`, after `replace_order` and `give_back`: all of it or nothing.

    Raises OrderRaceLost.
    """
    key, arguments = placing(merchant_id, order, day, versions, claim, own)
    if not await _ON_NODES[key].fetchval(connection, *arguments):
        raise OrderRaceLost(*wanted_by(order, claim))
