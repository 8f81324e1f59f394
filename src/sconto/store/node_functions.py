"""Creates the functions that run on the nodes of a distributed database."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sconto.store import (
    backtests,
    candidate_statements,
    code_generations,
    code_sweeps,
    counters,
    deliveries,
    delivery_lists,
    event_removal,
    events,
    holds,
    idempotency,
    kept_forms,
    node_sql,
    order_counting,
    order_listing,
    order_replacing,
    order_status,
    orders,
    products,
    promotion_events,
    purging,
    returns,
    subscription_applications,
    subscription_promotions,
    uploads,
)
from sconto.store.node_calls import FIND_FUNCTIONS, HELPERS, NodeFunction
from sconto.store.node_sql import Script, Signature, Step
from sconto.store.polls import Poll

if TYPE_CHECKING:
    # The service needs the names of the functions when it starts, and not the 70 ms of this import.
    import psycopg

FUNCTIONS: Final[tuple[NodeFunction, ...]] = (
    *candidate_statements.ON_NODES.values(),
    *orders.ON_NODES,
    *order_replacing.ON_NODES,
    *order_status.ON_NODES,
    *holds.ON_NODES,
    *returns.ON_NODES,
    *subscription_promotions.ON_NODES,
    *subscription_applications.ON_NODES,
    *idempotency.ON_NODES,
    *products.ON_NODES,
    *counters.ON_NODES,
    *purging.ON_NODES,
)

POLLS: Final[tuple[Poll, ...]] = (
    backtests.LIST_CLAIMABLE,
    backtests.LIST_ENDED,
    code_generations.LIST_OPEN,
    code_generations.LIST_UNNOTICED,
    code_sweeps.LIST_SWEEPS,
    counters.LIST_MERCHANTS,
    counters.LIST_MERCHANTS_WITH_ORDERS,
    deliveries.LIST_DUE,
    delivery_lists.BACKLOG,
    event_removal.LIST_MERCHANTS,
    events.LIST_MERCHANTS,
    holds.LIST_MERCHANTS,
    idempotency.LIST_MERCHANTS,
    kept_forms.LIST_MERCHANTS,
    order_counting.LIST_MERCHANTS,
    order_counting.LIST_UNCOUNTED,
    order_listing.LIST_MERCHANTS,
    promotion_events.LIST_DUE,
    uploads.LIST_MERCHANTS,
)

NAMES: Final = frozenset(one.name for one in FUNCTIONS) | {poll.name for poll in POLLS}
"""The names of the functions that this version calls."""

_Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"

_DISTRIBUTED: Final = """
SELECT relname FROM pg_dist_partition JOIN pg_class ON pg_class.oid = logicalrelid
WHERE relnamespace = 'public'::regnamespace AND partmethod = 'h'
"""

_NAMES_OF_TYPES: Final = """
SELECT format_type(type, NULL) FROM unnest(%s::oid[]) WITH ORDINALITY AS one (type, place)
ORDER BY place
"""

_DISTRIBUTE: Final = "SELECT create_distributed_function(%s)"

# Forced, Citus passes the call on from within a transaction of several statements too, to the same
# session of the node.
_DISTRIBUTE_BY_MERCHANT: Final = """
SELECT create_distributed_function(
    %s, '$1', colocate_with := 'products', force_delegation := true)
"""


def create_missing_functions(connection: _Connection) -> None:
    """Create the functions of this version that the nodes do not have.

    The tables must be distributed. Functions of other versions stay, because these may be running.
    """
    found = {name for (name,) in connection.execute(FIND_FUNCTIONS)}
    tables = [name for (name,) in connection.execute(_DISTRIBUTED)]
    if f"{HELPERS}shard_of" not in found:
        for statement in node_sql.HELPERS:
            _execute(connection, statement)
        connection.execute(_DISTRIBUTE, [f"{HELPERS}shard_of(bigint, boolean)"])
        connection.execute(_DISTRIBUTE, [f"{HELPERS}prepare(text, bigint, text, text)"])
        connection.execute(_DISTRIBUTE_BY_MERCHANT, [f"{HELPERS}identify(bigint)"])
        connection.execute(_DISTRIBUTE, [f"{HELPERS}newest_price_version(text, bigint)"])
    for function in FUNCTIONS:
        if function.name not in found:
            signature = _describe(connection, function.statement)
            body = _body(connection, function, signature, tables)
            _execute(
                connection,
                node_sql.function(function.name, signature, body, writes=function.writes),
            )
            types = ", ".join(signature.parameters)
            connection.execute(_DISTRIBUTE_BY_MERCHANT, [f"{function.name}({types})"])

    for poll in POLLS:
        if poll.name not in found:
            _create_poll(connection, poll, tables)


def _create_poll(connection: _Connection, poll: Poll, tables: Collection[str]) -> None:
    types = _describe(connection, poll.statement).parameters
    step = Step(poll.listed, poll.arguments, "answer")
    body = node_sql.run(step, poll.name, types, tables)
    _execute(connection, node_sql.poll(poll.name, types, body))
    connection.execute(_DISTRIBUTE_BY_MERCHANT, [f"{poll.name}({', '.join(['bigint', *types])})"])


def _body(
    connection: _Connection,
    function: NodeFunction,
    signature: Signature,
    tables: Collection[str],
) -> str:
    """The lines of the function, which run its steps."""
    columns = [node_sql.quoted(column) for column in signature.columns]
    script: Script = (
        *function.before,
        Step(function.statement, function.arguments, ", ".join(columns)),
        *function.after,
    )
    lines = []
    for number, part in enumerate(script):
        if isinstance(part, str):
            lines.append(part.replace("<result>", columns[0]))
            continue
        types = _describe(connection, part.statement).parameters
        lines.append(node_sql.run(part, f"{function.name}_{number}", types, tables))
    return "\n".join(lines)


def _describe(connection: _Connection, statement: str) -> Signature:
    """PostgreSQL's description of a statement."""
    server = connection.pgconn
    server.prepare(b"sconto_described", statement.encode())
    described = server.describe_prepared(b"sconto_described")
    parameters = [described.param_type(number) for number in range(described.nparams)]
    columns = [described.ftype(number) for number in range(described.nfields)]
    names = [described.fname(number) or b"" for number in range(described.nfields)]
    connection.execute("DEALLOCATE sconto_described")
    types = [name for (name,) in connection.execute(_NAMES_OF_TYPES, [[*parameters, *columns]])]
    return Signature(
        types[: len(parameters)],
        dict(zip([name.decode() for name in names], types[len(parameters) :], strict=True)),
    )


def _execute(connection: _Connection, statement: str) -> None:
    connection.execute(statement.replace("<prefix>", HELPERS).encode())
