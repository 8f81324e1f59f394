"""The time limits of a connection."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from sconto.cli.connections.limits import ConnectionLimits


class Timer:
    """Calls a function after some seconds, unless it is cancelled."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None

    @property
    def is_running(self) -> bool:
        """Whether the function will be called."""
        return self._handle is not None

    def start(self, seconds: float, on_timeout: Callable[[], None]) -> None:
        """Call the function after this number of seconds, and no other function."""
        self.cancel()
        self._handle = self._loop.call_later(seconds, self._fire, on_timeout)

    def cancel(self) -> None:
        """Call no function."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _fire(self, on_timeout: Callable[[], None]) -> None:
        self._handle = None
        on_timeout()


class SendingTransport(Protocol):
    """What a sending timer needs of a transport."""

    def get_write_buffer_size(self) -> int:
        """How many bytes wait to be sent."""

    def abort(self) -> None:
        """Close immediately."""


class SendingTimer:
    """Aborts a connection whose client takes an answer too slowly.

    While it runs, the client must take `answer_bytes` within each `answer_seconds`.
    """

    def __init__(
        self,
        limits: ConnectionLimits,
        transport: SendingTransport,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._limits = limits
        self._transport = transport
        self._timer = Timer(loop)
        self._unsent = 0

    def start(self) -> None:
        """Limit the time for what waits to be sent."""
        self._unsent = self._transport.get_write_buffer_size()
        self._timer.start(self._limits.answer_seconds, self._check)

    def cancel(self) -> None:
        """Stop limiting the time."""
        self._timer.cancel()

    def _check(self) -> None:
        if self._unsent - self._transport.get_write_buffer_size() >= self._limits.answer_bytes:
            self.start()
        else:
            self._transport.abort()
