"""The nodes of a distributed database, as this process knows them."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FIND_GROUP: Final = """
SELECT groupid FROM pg_dist_placement
WHERE shardid = get_shard_id_for_distribution_column('public.products', $1::bigint)
"""
"""The group of the node that has the merchant $1."""

# With 64 numbers for each shard, each shard has some.
READ_NODES: Final = """
SELECT DISTINCT ON (groupid) groupid, nodename || ':' || nodeport AS address, number
FROM (
    SELECT number, get_shard_id_for_distribution_column('public.products', number) AS shardid
    FROM generate_series(1, 64 * (
        SELECT count(*) FROM pg_dist_shard WHERE logicalrelid = 'public.products'::regclass
    )) AS number
) AS numbers
JOIN pg_dist_placement USING (shardid)
JOIN pg_dist_node USING (groupid)
WHERE noderole = 'primary'
ORDER BY groupid, number
"""
"""The fields of each `Node` that has rows."""

_KEPT_FOR: Final = 60.0
"""Seconds for which the list of nodes counts, and the places of merchants."""

_PROBE_PAUSE: Final = 2.0
"""Seconds until a node that did not answer is asked again."""

_NO_CALLS_FOR: Final = 2.0
"""Seconds for which no calls are made after Citus did not pass one on."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Node:
    """A node, and a number that Citus would look for there if it were a merchant's id."""

    group: int
    address: str
    representative: int


class Nodes:
    """The nodes that have rows, and those that did not answer when they were last asked.

    A node that stops answering is logged once, and once more when it answers again.
    """

    def __init__(self) -> None:
        self._known: Sequence[Node] = ()
        self._read_at = 0.0
        self._silent: dict[int, str] = {}
        self._asked_at: dict[int, float] = {}
        self._groups: dict[int, int] = {}
        self._no_calls_until: float | None = None
        self._not_passed_on_at = -_NO_CALLS_FOR

    @property
    def silent(self) -> list[str]:
        """The addresses of the nodes that do not answer."""
        return sorted(self._silent.values())

    @property
    def are_all_there(self) -> bool:
        """Whether each node answered when it was last asked."""
        return not self._silent

    @property
    def known(self) -> Sequence[Node]:
        """The nodes; none if they must be read again."""
        return self._known if time.monotonic() - self._read_at < _KEPT_FOR else ()

    def keep(self, nodes: Sequence[Node]) -> None:
        """Cache the nodes. A removed node is not silent, and its merchants are elsewhere."""
        self._known, self._read_at = nodes, time.monotonic()
        groups = {node.group for node in nodes}
        self._silent = {group: one for group, one in self._silent.items() if group in groups}
        self._groups.clear()

    def forget(self) -> None:
        """Read the nodes again before they are asked next."""
        self._known = ()

    def to_ask(self) -> list[Node]:
        """The nodes to ask now; those that may not answer come last, and only sometimes."""
        now = time.monotonic()
        silent = [
            node
            for node in self._known
            if node.group in self._silent
            and now - self._asked_at.get(node.group, -_PROBE_PAUSE) >= _PROBE_PAUSE
        ]
        self._asked_at.update((node.group, now) for node in silent)
        return [node for node in self._known if node.group not in self._silent] + silent

    def note_silent(self, node: Node, error: Exception) -> None:
        """The node did not answer."""
        self._asked_at[node.group] = time.monotonic()
        if node.group not in self._silent:
            self._silent[node.group] = node.address
            _log.warning(
                "node %s does not answer: its merchants are not served, and nothing is done for "
                "them in the background: %s",
                node.address,
                " ".join(str(error).split()) or type(error).__name__,
            )

    def note_answer(self, node: Node) -> None:
        """The node answered."""
        if self._silent.pop(node.group, None) is not None:
            _log.warning("node %s answers again", node.address)

    @property
    def get_calls(self) -> bool:
        """Whether Citus passes calls of functions on to the nodes, as far as is known."""
        if self._no_calls_until is not None and time.monotonic() > self._no_calls_until:
            self._no_calls_until = None
        return self._no_calls_until is None

    def note_not_passed_on(self) -> None:
        """Note that Citus has run a function on the coordinator.

        That may be caused by the session, which is then closed: a statement that Citus could only
        plan at the second attempt leaves it in this state. If it happens again soon, the session is
        not the cause.
        """
        now = time.monotonic()
        if now - self._not_passed_on_at < _NO_CALLS_FOR:
            self._no_calls_until = now + _NO_CALLS_FOR
        self._not_passed_on_at = now

    def group_of(self, merchant_id: int) -> int | None:
        """The group of the merchant's node, if it is known."""
        return self._groups.get(merchant_id)

    def place(self, merchant_id: int, group: int) -> None:
        """Cache the group of the merchant's node."""
        self._groups[merchant_id] = group

    def is_silent(self, group: int) -> bool:
        """Whether the group's node does not answer."""
        return group in self._silent
