"""What a database that Citus distributes by merchant needs of its sessions and of its nodes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

PLAN_CACHE_MODE: Final = "auto"
"""Citus has no plan for statements whose merchant it does not know, so no generic plan."""

SESSION_SETTINGS: Final = {
    # It hides the shards from programs that list tables, and rewrites asyncpg's look-up of types
    # for that, which then takes half a second on each new connection.
    "citus.override_table_visibility": "off",
    # A transaction's own settings, such as its lock timeout, are also set on the node that has the
    # merchant.
    "citus.propagate_set_commands": "local",
    # How long a connection to a silent node lives; 30 seconds by default.
    "citus.node_connection_timeout": "3s",
}
"""Settings of every session, in addition to those of a database that is not distributed."""

NODE_SETTINGS: Final = {
    "timezone": "UTC",
    "enable_seqscan": "off",
    "jit": "off",
    "default_transaction_isolation": "read committed",
    # Without the functions of this version, the statements of orders and holds with limits call
    # `newest_price_version`, which reads a row of the same merchant on the same node.
    "citus.allow_nested_distributed_execution": "on",
}
"""Settings of the sessions that the coordinator opens on the nodes. It does not pass on its own."""

DRAWN_ON_NODES: Final = "event_outbox_outbox_id_seq"
"""The one sequence that nodes draw from: its ids need only ascend among those of a merchant."""

OLDEST: Final = 13
"""The oldest major version of Citus that Sconto was tried with."""

PREPARE_SESSION: Final = f"""
SELECT set_config(name, value, false)
FROM pg_extension, unnest(
    '{{{",".join(("plan_cache_mode", *SESSION_SETTINGS))}}}'::text[],
    '{{{",".join((PLAN_CACHE_MODE, *SESSION_SETTINGS.values()))}}}'::text[]
) AS setting (name, value)
WHERE extname = 'citus'
"""  # noqa: S608
"""Gives a new session its settings if the database has Citus, and does nothing if it has not."""

HAS_CITUS: Final = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')"

IS_DISTRIBUTED: Final = """
SELECT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = to_regclass('public.products'))
"""
"""Whether the tables are distributed; for a database that has Citus."""

IS_COORDINATOR: Final = "SELECT citus_is_coordinator()"

_EACH_NODE: Final = f"""
SELECT json_build_object(
    'citus', (SELECT extversion FROM pg_extension WHERE extname = 'citus'),
    'postgresql', current_setting('server_version_num')::int / 10000,
    'settings', json_object_agg(name, current_setting(name)),
    'drawn', (
        SELECT json_agg(sequencename ORDER BY sequencename)
        FROM pg_sequences
        WHERE schemaname = 'public' AND last_value IS NOT NULL
            AND sequencename <> '{DRAWN_ON_NODES}'
            AND (SELECT groupid FROM pg_dist_local_group) <> 0
    ))
FROM unnest('{{{",".join(NODE_SETTINGS)}}}'::text[]) AS name
"""  # noqa: S608  # of our own constants

READ_NODES: Final = f"""
SELECT nodename || ':' || nodeport AS node, isactive, success, result
FROM run_command_on_all_nodes($sql${_EACH_NODE}$sql$) JOIN pg_dist_node USING (nodeid)
ORDER BY nodeid
"""  # noqa: S608
"""Each node with what `faults_of` needs to know of it."""

_SAME: Final = {"Etc/UTC": "UTC"}


def faults_of(nodes: Iterable[Sequence[Any]]) -> list[str]:
    """What is wrong with the nodes, one line each; rows are those of READ_NODES."""
    faults: list[str] = []
    versions: dict[tuple[str, int], list[str]] = {}
    for node, is_active, success, result in nodes:
        if not is_active or not success:
            faults.append(f"node {node} does not answer: {_one_line(result)}")
            continue
        answer = json.loads(result)
        versions.setdefault((answer["citus"], answer["postgresql"]), []).append(node)
        # Ids ascend in the order of creation only if one node draws all of them.
        if answer["drawn"]:
            faults.append(f"node {node} has drawn ids of its own: {', '.join(answer['drawn'])}")
        lacking = _lacking(answer["settings"])
        if lacking:
            faults.append(f"node {node} lacks {', '.join(lacking)}")
    if len(versions) > 1:
        each = [
            f"Citus {citus} on PostgreSQL {postgresql} ({', '.join(names)})"
            for (citus, postgresql), names in versions.items()
        ]
        faults.append(f"the nodes have different versions: {'; '.join(each)}")
    faults += [
        f"Citus {citus} is older than {OLDEST}.0, the oldest that Sconto was tried with"
        for citus, _ in versions
        if int(citus.partition("-")[0].partition(".")[0]) < OLDEST
    ]
    return faults


def _lacking(settings: Mapping[str, str]) -> list[str]:
    return [
        f"{name} = {value}"
        for name, value in NODE_SETTINGS.items()
        if _SAME.get(settings[name], settings[name]) != value
    ]


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
