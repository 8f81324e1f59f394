"""Statements that read all merchants, node by node if the database is distributed.

Citus answers a statement on all shards only if all nodes answer. So each node is asked separately,
with a function that reads its own shards. A node that does not answer is left out, and the work of
the others is done.
"""

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from sconto.store.failures import is_away
from sconto.store.node_calls import PREFIX, count_parameters, digest, is_of_citus
from sconto.store.nodes import Nodes
from sconto.store.pool import Connection
from sconto.store.shard_map import READ_MAP, Node, ShardMap

_TIMEOUT: Final = 3.0
"""Seconds for the answer of a node. It comes in milliseconds: shorter than requests wait."""


class _NotPassedOn(Exception):
    """Citus has run the function on the coordinator (`node_sql`)."""


class Poll:
    """A statement that reads all merchants. Its columns are numbers and texts.

    `on_all_shards` has the same answer, for a statement that Citus refuses to send to all shards.
    """

    def __init__(self, statement: str, *, on_all_shards: str | None = None) -> None:
        self.statement: Final = statement
        self.on_all_shards: Final = on_all_shards or statement
        self.name: Final = f"{PREFIX}poll_{digest(statement)}"
        self.listed: Final = (
            f"SELECT coalesce(json_agg(row_of_all), '[]') FROM ({statement}) AS row_of_all"  # noqa: S608  # of our own constants
        )
        numbers = range(1, count_parameters(statement) + 2)
        self.arguments: Final = [f"${number}" for number in numbers][1:]
        places = ", ".join(f"${number}" for number in numbers)
        self._call: Final = f"SELECT * FROM {self.name}({places})"  # noqa: S608  # of our own constants

    async def fetch(self, connection: Connection, *arguments: Any) -> Sequence[Mapping[str, Any]]:
        """The rows of all merchants; on a distributed database those of the nodes that answer.

        There each shard has its own limit and order, and the rows come in any order.
        """
        functions: frozenset[str] = getattr(connection, "node_functions", frozenset())
        if self.name not in functions or not connection.nodes.get_calls:  # type: ignore[attr-defined]
            statement = self.on_all_shards if is_of_citus(connection) else self.statement
            found: list[Any] = await connection.fetch(statement, *arguments)
            return found
        nodes: Nodes = connection.nodes  # type: ignore[attr-defined]  # of the pool's connections
        if not nodes.known:
            nodes.keep(ShardMap.of(await connection.fetch(READ_MAP)))
        rows: list[dict[str, Any]] = []
        try:
            for node in nodes.to_ask():
                rows += await self._ask(connection, nodes, node, arguments)
                if connection.is_closed():
                    break
        except _NotPassedOn:
            rows = [dict(row) for row in await connection.fetch(self.on_all_shards, *arguments)]
        # No node's rows always come first.
        random.shuffle(rows)
        return rows

    async def _ask(
        self, connection: Connection, nodes: Nodes, node: Node, arguments: Sequence[Any]
    ) -> list[dict[str, Any]]:
        try:
            row = await connection.fetchrow(
                self._call, node.representative, *arguments, timeout=_TIMEOUT
            )
        except TimeoutError as error:
            nodes.note_silent(node, error)
            # The coordinator still waits for the node.
            connection.terminate()
            return []
        except asyncpg.PostgresError as error:
            if connection.is_closed() or not is_away(error):
                raise
            nodes.note_silent(node, error)
            return []
        assert row is not None  # noqa: S101 - a row is asked for
        if row["node"] != node.group:
            nodes.invalidate()  # a shard was moved
            if row["node"] == 0:
                connection.close_on_release()  # type: ignore[attr-defined]
                nodes.note_not_passed_on()
                raise _NotPassedOn
        nodes.note_answer(node)
        return [found for listed in json.loads(row["answers"]) for found in listed]
