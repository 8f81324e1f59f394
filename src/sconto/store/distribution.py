"""Distributes the database by merchant over the nodes of a Citus cluster.

A table is distributed if it has a `merchant_id`, unless it is one of LOCAL_TABLES. All distributed
tables are co-located: each merchant's rows are on one node. Local tables stay on the coordinator.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Final

import psycopg
from psycopg import sql

from sconto.store import citus
from sconto.store.administration import connect, one_line
from sconto.store.database import DatabaseUnavailable
from sconto.store.node_functions import create_missing_functions
from sconto.store.schema import DistributionRefused

LOCAL_TABLES: Final = frozenset(
    {
        # Merchants are few. If each node had a copy, a lock on one row would be a lock on all
        # nodes.
        "merchants",
        # Signing in looks for a user or a key of any merchant.
        "api_keys",
        "ended_tokens",
        "known_places",
        "password_links",
        "recovery_codes",
        "second_factors",
        "sessions",
        "user_identities",
        "users",
    }
)
"""The tables with a `merchant_id` that stay on the coordinator."""

_FIRST: Final = "products"
"""The table that the others are co-located with."""

Connection = psycopg.Connection[tuple[Any, ...]]

_NEW_TABLES: Final = """
SELECT relname
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> ALL (%s)
    AND EXISTS (
        SELECT FROM pg_attribute
        WHERE attrelid = pg_class.oid AND attname = 'merchant_id' AND NOT attisdropped
    )
    AND NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = pg_class.oid)
"""

_FOREIGN_KEYS: Final = """
SELECT child.relname, parent.relname, conname
FROM pg_constraint
JOIN pg_class AS child ON child.oid = conrelid
JOIN pg_class AS parent ON parent.oid = confrelid
WHERE contype = 'f' AND child.relname = ANY (%s)
ORDER BY 1, 3
"""

# A trigger refuses, or reads only its own row, on each shard separately. The statements that
# distribute tables with foreign keys to each other must not run in parallel.
_IN_ONE_TRANSACTION: Final = (
    "SET LOCAL citus.enable_unsafe_triggers = on",
    "SET LOCAL citus.multi_shard_modify_mode = 'sequential'",
    "SET LOCAL client_min_messages = warning",
)

_DISTRIBUTE: Final = "SELECT create_distributed_table(%s, 'merchant_id', colocate_with => %s)"

_NODES_FOR_ROWS: Final = """
SELECT count(*) FROM pg_dist_node WHERE isactive AND shouldhaveshards AND noderole = 'primary'
"""

# Rows from before stay in the coordinator's own table, where nothing finds them. The history
# refuses to be emptied, so triggers are off for that.
_DROP_COPIES: Final = "SELECT truncate_local_data_after_distributing_table(%s)"

_DISTRIBUTED: Final = """
SELECT logicalrelid::regclass::text FROM pg_dist_partition
JOIN pg_class ON pg_class.oid = logicalrelid
WHERE relnamespace = 'public'::regnamespace ORDER BY 1
"""


# Events about one object are sent in the order of their numbers, which are drawn while the object
# is locked (`events`). So the node that has the object draws the number for every event.
_DRAW: Final = (
    """
CREATE FUNCTION sconto_draw_outbox_id() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.outbox_id := nextval('public.event_outbox_outbox_id_seq');
    RETURN NEW;
END
$body$
""",
    """
CREATE TRIGGER nodes_draw_outbox_ids BEFORE INSERT ON event_outbox FOR EACH ROW
EXECUTE FUNCTION sconto_draw_outbox_id()
""",
)

_DRAWS: Final = "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'nodes_draw_outbox_ids')"


@dataclass(frozen=True, slots=True)
class Distribution:
    """What was distributed, over how many nodes, and the foreign keys that were dropped.

    `faults` are what is wrong with the nodes.
    """

    nodes: int
    tables: Sequence[str]
    dropped: Sequence[str]
    faults: Sequence[str]


def require_cluster(url: str) -> None:
    """Raise DistributionRefused unless the address is a coordinator's that knows its workers.

    Raises DatabaseUnavailable.
    """
    with _administering(url) as connection:
        _require_nodes(connection)


def distribute(url: str) -> Distribution:
    """Distribute the tables that are not distributed yet, and give the nodes their settings.

    It is one transaction, all or nothing. The database must have the newest schema. Raises
    DistributionRefused and DatabaseUnavailable.
    """
    with _administering(url) as connection:
        nodes = _require_nodes(connection)
        _give_settings(connection)
        connection.commit()
        faults = citus.faults_of(connection.execute(citus.READ_NODES.encode()).fetchall())
        tables, dropped = distribute_new_tables(connection)
        connection.commit()
        if tables:
            _drop_copies(connection)
        return Distribution(nodes, tables, dropped, faults)


def is_distributed(connection: Connection) -> bool:
    """Whether the connection's database is distributed by merchant."""
    [(has_citus,)] = connection.execute(citus.HAS_CITUS).fetchall()
    return bool(has_citus) and bool(connection.execute(citus.IS_DISTRIBUTED).fetchall()[0][0])


def prepare_migration(connection: Connection) -> None:
    """Let the transaction change distributed tables."""
    for statement in _IN_ONE_TRANSACTION:
        connection.execute(sql.SQL(statement))


def distribute_new_tables(connection: Connection) -> tuple[list[str], list[str]]:
    """Distribute the tables that are not distributed, in the connection's transaction.

    The functions of this version are created too. Returns the names of the tables, and the foreign
    keys that were dropped.
    """
    prepare_migration(connection)
    names = [name for (name,) in connection.execute(_NEW_TABLES, [list(LOCAL_TABLES)])]
    keys = connection.execute(_FOREIGN_KEYS, [names]).fetchall()
    dropped = []
    for child, parent, key in keys:
        if parent in LOCAL_TABLES:
            connection.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
                    sql.Identifier(child), sql.Identifier(key)
                )
            )
            dropped.append(f"{child} to {parent}")
    for name in _parents_first(names, keys):
        connection.execute(_DISTRIBUTE, [name, "default" if name == _FIRST else _FIRST])
    [(draws,)] = connection.execute(_DRAWS).fetchall()
    if not draws:
        for statement in _DRAW:
            connection.execute(sql.SQL(statement))
    create_missing_functions(connection)
    return sorted(names), dropped


def _parents_first(names: Sequence[str], keys: Sequence[tuple[Any, ...]]) -> list[str]:
    """The tables, each after those that it references; the one for co-location first."""
    order: TopologicalSorter[str] = TopologicalSorter()
    for name in sorted(names):
        order.add(name, *({_FIRST} & set(names) - {name}))
    for child, parent, _ in keys:
        if parent in names:
            order.add(child, parent)
    return list(order.static_order())


@contextmanager
def _administering(url: str) -> Iterator[Connection]:
    """A transaction that is committed when the block ends."""
    try:
        with connect(url, "sconto distribute") as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(one_line(error)) from error
    except psycopg.Error as error:
        raise DistributionRefused(f"the database refused it: {one_line(error)}") from error


def _require_nodes(connection: Connection) -> int:
    """The number of nodes that can have rows. Raises DistributionRefused for other databases."""
    [(has_citus,)] = connection.execute(citus.HAS_CITUS).fetchall()
    if not has_citus:
        raise DistributionRefused(
            "this database has no Citus extension: install Citus on every node, and run "
            "CREATE EXTENSION citus in this database on each (see docs/scale.md)"
        )
    [(is_coordinator,)] = connection.execute(citus.IS_COORDINATOR).fetchall()
    if not is_coordinator:
        raise DistributionRefused(
            "this is a worker node: let SCONTO_DATABASE_URL name the coordinator"
        )
    [(nodes,)] = connection.execute(_NODES_FOR_ROWS).fetchall()
    if not nodes:
        raise DistributionRefused(
            "the coordinator knows no worker node: run citus_set_coordinator_host(host, port) and "
            "citus_add_node(host, port) for each worker (see docs/scale.md)"
        )
    return int(nodes)


def _give_settings(connection: Connection) -> None:
    """Give the database its settings; Citus passes them on to all nodes."""
    [(name,)] = connection.execute("SELECT current_database()").fetchall()
    for setting, value in {**citus.NODE_SETTINGS, **citus.SESSION_SETTINGS}.items():
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                sql.Identifier(name), sql.Identifier(*setting.split(".")), sql.Literal(value)
            )
        )


def _drop_copies(connection: Connection) -> None:
    connection.execute("SET LOCAL session_replication_role = replica")
    for (name,) in connection.execute(_DISTRIBUTED).fetchall():
        connection.execute(_DROP_COPIES, [name])
