"""The nodes of a distributed database, as this process knows them."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Final

from sconto.store.shard_map import Node, ShardMap

_KEPT_FOR: Final = 60.0
"""Seconds for which the map is valid. While the coordinator answers, it is read more often."""

_NO_CALLS_FOR: Final = 2.0
"""Seconds for which no calls are made after Citus did not pass one on."""

_log = logging.getLogger(__name__)


class Nodes:
    """The nodes with rows, and those that did not answer the coordinator's last check.

    A node that stops answering is logged once, and once more when it answers again.
    """

    def __init__(self) -> None:
        self.found: Final = asyncio.Event()
        """Set once a connection has found that the database has Citus."""
        self.wake: Final = asyncio.Event()
        """Set when something was noticed that `node_watch` should look at now."""
        self.map: ShardMap | None = None
        """Where the merchants are; None until it was read."""
        self.is_doubtful = False
        """Whether a merchant was not where the map says."""
        self._read_at = 0.0
        self._silent: dict[int, str] = {}
        self._no_calls_until: float | None = None
        self._not_passed_on_at = -_NO_CALLS_FOR

    @property
    def silent(self) -> list[str]:
        """The addresses of the nodes that do not answer."""
        return sorted(self._silent.values())

    @property
    def known(self) -> Sequence[Node]:
        """The nodes; none if they must be read again."""
        if self.map is None or time.monotonic() - self._read_at >= _KEPT_FOR:
            return ()
        return tuple(self.map.nodes.values())

    @property
    def read_at(self) -> float:
        """When the map was read, by the monotonic clock; 0 if it must be read again."""
        return self._read_at

    def keep(self, map_: ShardMap) -> None:
        """Cache where the merchants are. A removed node is no longer silent."""
        self.map, self._read_at = map_, time.monotonic()
        self.is_doubtful = False
        self._silent = {
            group: address for group, address in self._silent.items() if group in map_.nodes
        }

    def invalidate(self) -> None:
        """Read the map again: a merchant was not where the map says."""
        self._read_at, self.is_doubtful = 0.0, True
        self.wake.set()

    def to_ask(self) -> list[Node]:
        """The nodes that answer: those to ask for work of their merchants."""
        return [node for node in self.known if node.group not in self._silent]

    def note_silent(self, node: Node, error: Exception) -> None:
        """Note that the node did not answer the coordinator."""
        if node.group not in self._silent:
            self._silent[node.group] = node.address
            self.wake.set()
            _log.warning(
                "node %s does not answer: its merchants are not served, and nothing is done for "
                "them in the background: %s",
                node.address,
                one_line(error),
            )

    def note_answer(self, node: Node) -> None:
        """Note that the node answered."""
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

    def group_of(self, merchant_id: int | None) -> int | None:
        """The group of the merchant's node, if it is known."""
        if self.map is None or merchant_id is None:
            return None
        return self.map.group_of(merchant_id)

    def is_silent(self, group: int | None) -> bool:
        """Whether the group's node does not answer."""
        return group in self._silent


def one_line(error: Exception) -> str:
    """The text of an error in one line, or the name of its kind."""
    return " ".join(str(error).split()) or type(error).__name__
