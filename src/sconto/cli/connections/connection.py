"""One connection: reads requests within limits, and closes without losing the last answer."""

import asyncio
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import (
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from sconto.cli.connections.closing import ClosingTransport
from sconto.cli.connections.flow import ReadingFlow
from sconto.cli.connections.limits import ConnectionLimits
from sconto.cli.connections.open_connections import OpenConnections
from sconto.cli.connections.parsing import PieceParser
from sconto.cli.connections.refusal import RequestRefused
from sconto.cli.connections.sections import Sections
from sconto.cli.connections.timers import SendingTimer, Timer

_STEPS_PER_TURN: Final = 256
"""Pieces and chunks that one connection may have parsed before others get their turn."""

_LINGER_TIMEOUT: Final = 1.0
"""Seconds that a client may take to close its side after the service has closed its own."""


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with limits.

    uvicorn itself limits neither the size of a head nor the time for a request or an answer, treats
    trailers as header fields, and loses the body of a request that asks for an upgrade.

    Data is cut into sections (request line, fields, body) and parsed piece by piece. While one
    request is being answered and another one waits, the rest is kept unread. A timer runs while a
    head or a body is expected, another one while an answer waits to be sent. A request that exceeds
    a limit is refused after the answers before it, and then the connection closes.
    """

    def __init__(
        self,
        limits: ConnectionLimits,
        open_connections: OpenConnections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, loop)
        self._limits = limits
        self._open_connections = open_connections
        self._sections = Sections(limits)
        self._piece_parser = PieceParser(self.parser, self._sections, self)
        self._unread = b""
        self._is_head_read = False
        self._body_bytes_in_period = 0
        self._refusal: RequestRefused | None = None
        self._reading_timer = Timer(self.loop)

    # Callbacks of the transport

    def connection_made(self, transport: Any) -> None:
        """Expect a request, or refuse the connection if there are too many."""
        super().connection_made(transport)
        self.flow: ReadingFlow = ReadingFlow(transport)
        self._closing_transport = ClosingTransport(transport, self)
        self.transport = self._closing_transport  # type: ignore[assignment]
        self._sending_timer = SendingTimer(self._limits, self._closing_transport, self.loop)
        if self._open_connections.admit(self, self.loop.time()):
            self._start_reading_timer()
        else:
            self._refuse(RequestRefused(503, "Too many connections."))

    def data_received(self, data: bytes) -> None:
        """Read the data, unless earlier data is still unread."""
        if self._sections.is_at_end:
            return
        self._unset_keepalive_if_required()
        if self._unread:
            self._keep(self._unread + data)
        else:
            self._read(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._sections.expect_nothing()
        self._set_unread(b"")
        self._reading_timer.cancel()
        self._sending_timer.cancel()
        self._unset_keepalive_if_required()
        self._open_connections.remove(self)

    def pause_writing(self) -> None:
        """Note that the client reads more slowly than the service sends."""
        super().pause_writing()
        self._sending_timer.start()

    def resume_writing(self) -> None:
        """Note that the client has taken most of what was sent."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._sending_timer.cancel()

    # Callbacks of the parser

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._sections.begin_request()
        self._is_head_read = False
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer: trailers are dropped, as RFC 9110 (6.5.1) allows."""
        if self._is_head_read:
            return
        if len(self.headers) == self._limits.field_count:
            raise RequestRefused(431, "Too many header fields.")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the application: a head has ended."""
        self._is_head_read = True
        super().on_headers_complete()
        self._open_connections.mark_busy(self)
        self._reading_timer.cancel()
        # The parser refuses two lengths, and a length together with chunks.
        fields = dict(self.headers)
        if b"transfer-encoding" in fields:
            self._sections.expect_chunked_body()
        else:
            self._sections.expect_sized_body(int(fields.get(b"content-length", b"0")))
        self._piece_parser.end_head(self.headers)

    def on_chunk_header(self) -> None:
        """Note the size of a chunk."""
        self._sections.count_chunk()

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of a body."""
        self._body_bytes_in_period += len(body)
        self._sections.count_chunk_data(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        if self._piece_parser.is_skipping_body:
            return
        self._sections.count_framing()
        self._piece_parser.end_request()
        self._reading_timer.cancel()
        super().on_message_complete()
        if not self.cycle.keep_alive:
            self._sections.expect_nothing()
            return
        self._sections.expect_request()
        if self.cycle.response_complete:
            self._open_connections.mark_busy(self)
            self._open_connections.mark_idle(self, self.loop.time())

    # Callbacks of the server, of the answers and of the closing transport

    def on_response_complete(self) -> None:
        """Answer the next request, or wait for it: this one is answered."""
        self._closing_transport.flush()  # an answer to HEAD has nothing after its head
        has_next = bool(self.pipeline)
        if not has_next:
            self.cycle.body.clear()  # what the application has not read
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self._refusal is not None and not has_next:
            self._answer_refusal(self._refusal)
            return
        if not has_next:
            if self._sections.is_in_body:
                self._open_connections.mark_answered_early(self, self.loop.time())
            else:
                self._open_connections.mark_idle(self, self.loop.time())
        if self._unread:
            self.loop.call_soon(self._read_on)
        self._start_reading_timer()

    def shutdown(self) -> None:
        """Close after the answers that are being sent: the service stops."""
        super().shutdown()
        if self.transport.is_closing():
            self.loop.call_later(_LINGER_TIMEOUT, self._end_lingering)

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that the parser does not understand."""
        self._refuse(RequestRefused(400, msg))

    def abort(self) -> None:
        """Close immediately, whether or not everything was sent."""
        self.transport.abort()

    def on_close(self) -> None:
        """Close after everything is sent; what the client sends is discarded."""
        self._reading_timer.cancel()
        self._unset_keepalive_if_required()
        self._sections.expect_nothing()
        self._set_unread(b"")
        self.flow.release()
        self.flow.resume_reading()
        self._open_connections.mark_closing(self)
        self._sending_timer.start()

    @property
    def is_more_expected(self) -> bool:
        """Whether the client may still be sending."""
        return self._refusal is not None or self._sections.is_in_body

    # Reading

    @property
    def _latest_request(self) -> RequestResponseCycle | None:
        """The latest request; None before the first. uvicorn's type for `cycle` has no None."""
        return self.cycle

    @property
    def _is_full(self) -> bool:
        """Whether one request is being answered and another one waits."""
        return bool(self.pipeline)

    def _read(self, data: bytes) -> None:
        """Parse the data, piece by piece, and keep what must wait."""
        start = steps = 0
        try:
            while start < len(data) and steps < _STEPS_PER_TURN and not self._is_full:
                end = self._sections.cut(data, start)
                self._piece_parser.feed(data if end - start == len(data) else data[start:end])
                start = end
                steps += 1 + self._sections.chunks_in_piece
        except RequestRefused as refusal:
            self._refuse(refusal)
            return
        if start < len(data) and not self._sections.is_at_end:
            self._keep(data[start:])
            if not self._is_full:
                self.loop.call_soon(self._read_on)
        self._start_reading_timer()

    def _keep(self, data: bytes) -> None:
        """Stop reading from the socket, and keep what was read too early."""
        self.flow.hold()
        self._set_unread(data)
        if self._open_connections.unread > self._limits.unread:
            self.abort()

    def _set_unread(self, data: bytes) -> None:
        self._open_connections.unread += len(data) - len(self._unread)
        self._unread = data

    def _read_on(self) -> None:
        """Read what was kept, and then from the socket again."""
        if not self._unread or self._is_full or self.transport.is_closing():
            return
        data = self._unread
        self._set_unread(b"")
        self._read(data)
        if not self._unread:
            self.flow.release()
            latest = self._latest_request
            is_application_behind = latest is not None and len(latest.body) > HIGH_WATER_LIMIT
            if not is_application_behind and not self._is_full:
                self.flow.resume_reading()

    # Refusing

    def _refuse(self, refusal: RequestRefused) -> None:
        """Refuse a request after the answers before it, and close."""
        if refusal.status != 503:
            self.logger.warning(refusal.reason)
        is_in_body = self._sections.is_in_body
        self._refusal = refusal
        self._sections.expect_nothing()
        self._reading_timer.cancel()
        latest = self._latest_request
        if self.pipeline:  # its body is refused, and an earlier request is being answered
            self.pipeline.clear()
            self._keep(b"")
        elif latest is None or (latest.response_complete and not is_in_body):
            self._answer_refusal(refusal)
        elif not is_in_body:
            self._keep(b"")
        else:
            self._break_off(refusal)

    def _break_off(self, refusal: RequestRefused) -> None:
        """Refuse a request whose body the application is reading."""
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        if self.cycle.response_started:
            self.transport.close()
        else:
            self._answer_refusal(refusal)

    def _answer_refusal(self, refusal: RequestRefused) -> None:
        self.transport.write(refusal.answer(self.server_state.default_headers))
        self.transport.close()

    # Time limits

    def _start_reading_timer(self) -> None:
        """Limit the time for a body or a head, if one is expected."""
        if self._reading_timer.is_running or self.transport.is_closing():
            return
        latest = self._latest_request
        if self._sections.is_in_body:
            self._body_bytes_in_period = 0
            self._reading_timer.start(self._limits.body_seconds, self._check_body_progress)
        elif latest is None or (
            # While a request is answered, the next one may take any time.
            latest.response_complete and not self._sections.is_between_requests
        ):
            self._unset_keepalive_if_required()
            self._reading_timer.start(self._limits.head_seconds, self.transport.close)

    def _check_body_progress(self) -> None:
        """Keep waiting if enough has arrived, or if reading is paused; otherwise refuse."""
        if self.cycle.response_complete:
            self.transport.close()
        elif self._body_bytes_in_period >= self._limits.body_bytes or self.flow.read_paused:
            self._start_reading_timer()
        else:
            self._refuse(RequestRefused(408, "The body comes too slowly."))

    def _end_lingering(self) -> None:
        if self.transport.get_write_buffer_size() == 0:
            self.abort()
