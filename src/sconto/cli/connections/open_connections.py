"""All connections to one worker: which are admitted, and which are closed if there are too many."""

import logging
from collections import OrderedDict
from typing import Final, Protocol

from sconto.cli.connections.limits import ConnectionLimits

_EVICT_AFTER: Final = 0.02
"""Seconds that a new connection is safe: the loop reads its request only a few turns later."""

_WARN_AGAIN_AFTER: Final = 60.0


class Member(Protocol):
    """A connection that can be closed to make room for another."""

    def abort(self) -> None:
        """Close immediately."""


class OpenConnections:
    """Knows which connections are waiting, and closes some of them if there are too many.

    A new connection has a request to make and a waiting one has none, so the new one replaces the
    one that has waited longest. Connections that never made a request go first, because a client
    may be about to use an idle connection again. A new connection is refused only if all are busy.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self.unread = 0
        """Bytes of requests that wait unread for the answers before them."""
        self._open = 0
        # In each, the connection that has waited longest is first; the values say since when.
        self._without_request: OrderedDict[Member, float] = OrderedDict()
        self._idle: OrderedDict[Member, float] = OrderedDict()
        self._closing: OrderedDict[Member, None] = OrderedDict()
        self._warned_at = float("-inf")

    def admit(self, member: Member, now: float) -> bool:
        """Count a new connection. Returns whether it is served; otherwise it must be refused."""
        self._open += 1
        served = self._open - len(self._closing)
        is_admitted = served <= self._limits.connections or self._make_room(now)
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
        """The request of the connection is answered before its body has ended."""
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
