"""The server's end of a connection: who takes too long to say what they want is cut off."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

_HEAD_SECONDS: Final = 10.0
"""For the request line and the header fields, from the first byte on, or from the connection."""

_BODY_SECONDS: Final = 30.0
"""How long a body may take to end, or else to bring as much as a slow line brings."""

_BODY_BYTES: Final = 1024 * 1024
"""What a slow line brings in that time: 35 KiB a second, so that 16 MiB take 8 minutes at most."""

_TOO_SLOW: Final = (
    STATUS_LINE[408] + b"content-type: text/plain; charset=utf-8\r\n"
    b"content-length: 26\r\nconnection: close\r\n\r\nThe body comes too slowly."
)


class RequestTimeout(HttpToolsProtocol):
    """uvicorn's connection, which by itself waits for the end of a request for ever.

    A few thousand callers who each send a byte now and then would use up the process's files.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = True
        self._in_body = False
        self._received = 0

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on; what begins here must end in time."""
        super().data_received(data)
        if self._timer is None and not self.transport.is_closing():
            self._wait()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request's head has ended."""
        self._in_head, self._in_body = False, True
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a request's body has come."""
        self._received += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request has ended."""
        self._in_body = False
        self._stop_waiting()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there to be waited for."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._in_head:
            self._timer = self.loop.call_later(_HEAD_SECONDS, self.transport.close)
        elif self._in_body:
            self._received = 0
            self._timer = self.loop.call_later(_BODY_SECONDS, self._look_at_body)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_at_body(self) -> None:
        """Wait on for a body that comes, or that we do not take at the moment; refuse others."""
        if self._received >= _BODY_BYTES or self.flow.read_paused:
            self._wait()
            return
        # What is answered already, or stands behind another answer, can only be broken off.
        if not self.cycle.response_started and not self.pipeline:
            self.transport.write(_TOO_SLOW)
        self.transport.close()
