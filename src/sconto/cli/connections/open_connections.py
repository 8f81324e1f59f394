"""All connections to one worker: which are let in, and which are closed when there are too many."""

import logging
from collections import OrderedDict
from typing import Final, Protocol

from sconto.cli.connections.limits import ConnectionLimits

_EVICT_AFTER: Final = 0.02
"""A new connection is not closed before the loop has read what came with it, a few turns later."""

_WARN_AGAIN_AFTER: Final = 60.0


class Member(Protocol):
    """A connection, as far as its open_connections is concerned."""

    def abort(self) -> None:
        """Close at once."""


class OpenConnections:
    """Knows which connections are waiting, and closes some of them when there are too many.

    A new connection has a request to make, and a waiting one has none, so the new one replaces the
    one that has waited longest. Those that never made a request go first: a client may be just
    about to use an idle connection again. Only where all are busy, the new one is refused.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self.unread = 0
        """Bytes of requests that were sent before earlier ones were answered."""
        self._open = 0
        # Each has the one that waits longest first; the values say since when.
        self._without_request: OrderedDict[Member, float] = OrderedDict()
        self._idle: OrderedDict[Member, float] = OrderedDict()
        self._closing: OrderedDict[Member, None] = OrderedDict()
        self._warned_at = float("-inf")

    def admit(self, member: Member, now: float) -> bool:
        """Count a new connection; answers whether it is served, or has to be refused."""
        self._open += 1
        is_admitted = self._open - len(
            self._closing
        ) <= self._limits.connections or self._make_room(now)
        if is_admitted:
            self._without_request[member] = now
        else:
            self._warn(now)
        if self._open > self._limits.connections + self._limits.spare and self._closing:
            next(iter(self._closing)).abort()
        return is_admitted

    def mark_busy(self, member: Member) -> None:
        """The connection has made a request."""
        self._without_request.pop(member, None)
        self._idle.pop(member, None)

    def mark_idle(self, member: Member, now: float) -> None:
        """All requests of the connection are answered."""
        self._idle[member] = now

    def mark_answered_early(self, member: Member, now: float) -> None:
        """The request of the connection is answered, though its body still comes."""
        self._without_request[member] = now

    def mark_closing(self, member: Member) -> None:
        """The connection makes no more requests."""
        self.mark_busy(member)
        self._closing[member] = None

    def remove(self, member: Member) -> None:
        """The connection is closed."""
        self.mark_busy(member)
        self._closing.pop(member, None)
        self._open -= 1

    def _make_room(self, now: float) -> bool:
        for queue in (self._without_request, self._idle):
            longest = next(iter(queue.items()), None)
            if longest is not None and now - longest[1] >= _EVICT_AFTER:
                longest[0].abort()
                self.mark_closing(longest[0])
                return True
        return False

    def _warn(self, now: float) -> None:
        if now - self._warned_at >= _WARN_AGAIN_AFTER:
            self._warned_at = now
            logging.getLogger("uvicorn.error").warning(
                "All %d connections are busy, and others are refused", self._limits.connections
            )
