"""Closes a connection so that the client can still read the last answer."""

import asyncio
from typing import Protocol


class Closing(Protocol):
    """What a transport asks the connection when it closes."""

    @property
    def is_more_expected(self) -> bool:
        """Whether the client may still be sending."""

    def on_close(self) -> None:
        """The connection closes after everything is sent; what the client sends is discarded."""


class ClosingTransport:
    """A transport whose `close` does not lose the answer of a client that is still sending.

    Closing a socket with unread bytes resets it, and a reset discards the answer before the client
    has read it. So only our side is closed. What the client sends is read and discarded until the
    client closes its side. The connection limits the time for that.
    """

    def __init__(self, transport: asyncio.Transport, connection: Closing) -> None:
        self._transport = transport
        self._connection = connection
        self._is_closing = False

    def write(self, data: bytes) -> None:
        """Send."""
        if not self._is_closing:
            self._transport.write(data)

    def get_write_buffer_size(self) -> int:
        """How many bytes wait to be sent."""
        return self._transport.get_write_buffer_size()

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._is_closing or self._transport.is_closing()

    def close(self) -> None:
        """Close after everything is sent and the client has had time to read it."""
        if self.is_closing():
            return
        self._is_closing = True
        is_more_expected = self._connection.is_more_expected
        self._connection.on_close()
        if is_more_expected:
            self._transport.write_eof()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Close immediately."""
        self._is_closing = True
        self._transport.abort()
