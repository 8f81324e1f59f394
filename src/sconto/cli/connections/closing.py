"""Sends answers, and closes a connection so that the client can still read the last one."""

import asyncio
from typing import Final, Protocol

_HEAD: Final = b"HTTP/1.1 "
_INTERIM_HEAD: Final = b"HTTP/1.1 1"
"""The head of an interim answer, such as 100, after which the client goes on sending."""

_LARGE: Final = 64 * 1024
"""Bytes of a body that is sent apart from its head, because copying it takes longer."""


class Closing(Protocol):
    """What a transport asks the connection when it closes."""

    @property
    def is_more_expected(self) -> bool:
        """Whether the client may still be sending."""

    def on_close(self) -> None:
        """The connection closes after everything is sent; what the client sends is discarded."""


class ClosingTransport:
    """A transport whose `close` does not lose the answer of a client that is still sending.

    uvicorn writes the head and the body of an answer one after the other, and each write is a
    system call. So a head waits for what is written next, as ASGI provides for.

    Closing a socket with unread bytes resets it, and a reset discards the answer before the client
    has read it. So only our side is closed. What the client sends is read and discarded until the
    client closes its side. The connection limits the time for that.
    """

    def __init__(self, transport: asyncio.Transport, connection: Closing) -> None:
        self._transport = transport
        self._connection = connection
        self._is_closing = False
        self._head = b""

    def write(self, data: bytes) -> None:
        """Send; the head of an answer only with the next write, or by `flush`."""
        if self._is_closing:
            return
        if self._head:
            if len(data) < _LARGE:
                data = self._head + data
                self._head = b""
            else:
                self.flush()
        elif data.startswith(_HEAD) and not data.startswith(_INTERIM_HEAD):
            self._head = data
            return
        self._transport.write(data)

    def flush(self) -> None:
        """Send a head that waits."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def get_write_buffer_size(self) -> int:
        """How many bytes wait to be sent."""
        return self._transport.get_write_buffer_size() + len(self._head)

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._is_closing or self._transport.is_closing()

    def close(self) -> None:
        """Close after everything is sent and the client has had time to read it."""
        if self.is_closing():
            return
        self.flush()
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
