"""The nodes of a distributed database, as a process has found them."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_KEPT_FOR: Final = 60.0
"""Seconds for which the list of nodes counts."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Node:
    """A node, and a number that Citus would look for there if it were a merchant's id."""

    group: int
    address: str
    representative: int


class Nodes:
    """The nodes that have rows, and those that did not answer when they were last asked.

    A node that ceases to answer is logged once, and once more when it answers again.
    """

    def __init__(self) -> None:
        self._known: Sequence[Node] = ()
        self._read_at = 0.0
        self._silent: set[str] = set()

    @property
    def silent(self) -> list[str]:
        """The addresses of the nodes that do not answer."""
        return sorted(self._silent)

    @property
    def known(self) -> Sequence[Node]:
        """The nodes; none if they must be read again."""
        return self._known if time.monotonic() - self._read_at < _KEPT_FOR else ()

    def keep(self, nodes: Sequence[Node]) -> None:
        """Remember the nodes; a node that is gone is not silent."""
        self._known, self._read_at = nodes, time.monotonic()
        self._silent &= {node.address for node in nodes}

    def forget(self) -> None:
        """Read the nodes again before they are asked next."""
        self._known = ()

    def note_silent(self, node: Node, error: Exception) -> None:
        """The node did not answer."""
        if node.address not in self._silent:
            self._silent.add(node.address)
            _log.warning(
                "node %s does not answer: its merchants are not served, and nothing is done for "
                "them in the background: %s",
                node.address,
                " ".join(str(error).split()),
            )

    def note_answer(self, node: Node) -> None:
        """The node answered."""
        if node.address in self._silent:
            self._silent.remove(node.address)
            _log.warning("node %s answers again", node.address)
