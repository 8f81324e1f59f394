"""One connection: reads requests within limits, and closes without losing the last answer."""

import asyncio
from typing import Any, Final

import httptools
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
from sconto.cli.connections.refusal import RequestRefused
from sconto.cli.connections.sections import Section, Sections

_STEPS_PER_TURN: Final = 256
"""Pieces and chunks that one connection may have parsed before others get their turn."""

_LINGER_TIMEOUT: Final = 1.0


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with limits.

    uvicorn itself limits neither the size of a head nor the time for a request or an answer,
    takes trailers for header fields, and loses the body of a request that asks for an upgrade.
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
        self._open_connections = open_connections
        self._limits = limits
        self._sections = Sections(limits)
        self._unread = b""
        self._body_parser: httptools.HttpRequestParser | None = None
        self._refusal: RequestRefused | None = None
        self._is_head_read = False
        self._is_body_skipped = False
        self._received = 0
        self._unsent = 0
        self._reading_timer: asyncio.TimerHandle | None = None
        self._sending_timer: asyncio.TimerHandle | None = None

    # Callbacks of the transport

    def connection_made(self, transport: Any) -> None:
        """Wait for a request, or refuse to."""
        super().connection_made(transport)
        self.flow: ReadingFlow = ReadingFlow(transport)
        self.transport = ClosingTransport(transport, self)  # type: ignore[assignment]
        if self._open_connections.admit(self, self.loop.time()):
            self._start_reading_timer()
        else:
            self._refuse(RequestRefused(503, "Too many connections."))

    def data_received(self, data: bytes) -> None:
        """Read on, unless earlier bytes still wait to be read."""
        if self._sections.section is Section.NOTHING:
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
        self._cancel_reading_timer()
        self._cancel_sending_timer()
        self._unset_keepalive_if_required()
        self._open_connections.remove(self)

    def pause_writing(self) -> None:
        """The client reads more slowly than we send."""
        super().pause_writing()
        self._start_sending_timer()

    def resume_writing(self) -> None:
        """The client has taken most of what was sent."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._cancel_sending_timer()

    # Callbacks of the parser

    def on_message_begin(self) -> None:
        """A request begins."""
        self._sections.begin_request()
        self._is_head_read = False
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer: those are dropped, as RFC 9110 (6.5.1) allows."""
        if self._is_head_read:
            return
        if len(self.headers) == self._limits.field_count:
            raise RequestRefused(431, "Too many header fields.")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A request's head has ended: the application starts."""
        self._is_head_read = True
        super().on_headers_complete()
        self._open_connections.mark_busy(self)
        self._cancel_reading_timer()
        fields = dict(self.headers)  # the parser refuses two lengths, and a length beside chunks
        if b"transfer-encoding" in fields:
            self._sections.expect_chunked_body()
        else:
            self._sections.expect_sized_body(int(fields.get(b"content-length", b"0")))
        # The parser ends a request for an upgrade here. We never upgrade, so its body is read.
        self._is_body_skipped = self.parser.should_upgrade() and not self._sections.is_body_empty

    def on_chunk_header(self) -> None:
        """The size of a chunk was read."""
        self._sections.count_chunk()

    def on_body(self, body: bytes) -> None:
        """A piece of a body has come."""
        self._received += len(body)
        self._sections.count_chunk_data(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request has ended."""
        if self._is_body_skipped:
            return
        self._sections.count_framing()
        self._body_parser = None
        self._cancel_reading_timer()
        super().on_message_complete()
        if not self.cycle.keep_alive:
            self._sections.expect_nothing()
            return
        self._sections.expect_request()
        if self.cycle.response_complete:
            self._open_connections.mark_busy(self)
            self._open_connections.mark_idle(self, self.loop.time())

    # Callbacks of the server and of the answers

    def on_response_complete(self) -> None:
        """A request is answered: answer the next one, or wait for it."""
        has_next = bool(self.pipeline)
        if not has_next:
            self.cycle.body.clear()  # what the application did not want
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
        """The service stops: end after the answers that are under way."""
        super().shutdown()
        if self.transport.is_closing():
            self.loop.call_later(_LINGER_TIMEOUT, self._end_lingering)

    def send_400_response(self, msg: str) -> None:
        """The parser does not understand what it reads."""
        self._refuse(RequestRefused(400, msg))

    def abort(self) -> None:
        """Close at once, whether or not everything was sent."""
        self.transport.abort()

    def on_close(self) -> None:
        """The connection closes after everything is sent; what the client sends is discarded."""
        self._cancel_reading_timer()
        self._unset_keepalive_if_required()
        self._sections.expect_nothing()
        self._set_unread(b"")
        self.flow.release()
        self.flow.resume_reading()
        self._open_connections.mark_closing(self)
        self._start_sending_timer()

    @property
    def is_more_expected(self) -> bool:
        """Whether the client may still be sending."""
        return self._refusal is not None or self._sections.is_in_body

    # Reading

    @property
    def _latest(self) -> RequestResponseCycle | None:
        """The latest request; uvicorn's type says that there always is one."""
        return self.cycle

    @property
    def _is_full(self) -> bool:
        """One request is answered and one waits; the rest waits unread."""
        return bool(self.pipeline)

    def _read(self, data: bytes) -> None:
        start = steps = 0
        try:
            while start < len(data) and steps < _STEPS_PER_TURN and not self._is_full:
                end = self._sections.cut(data, start)
                self._parse(data if end - start == len(data) else data[start:end])
                start = end
                steps += 1 + self._sections.chunks_in_piece
        except RequestRefused as refusal:
            self._refuse(refusal)
            return
        if start < len(data) and self._sections.section is not Section.NOTHING:
            self._keep(data[start:])
            if not self._is_full:
                self.loop.call_soon(self._read_on)
        self._start_reading_timer()

    def _parse(self, piece: bytes) -> None:
        try:
            (self._body_parser or self.parser).feed_data(piece)
        except httptools.HttpParserUpgrade:
            if self._is_body_skipped:
                self._parse_body_by_itself()
        except httptools.HttpParserError as error:
            refusal = error.__context__
            if not isinstance(refusal, RequestRefused):
                refusal = RequestRefused(400, "Invalid HTTP request received.")
            raise refusal from None
        self._sections.count_framing()
        if piece.endswith(b"\n"):
            self._sections.end_line()

    def _parse_body_by_itself(self) -> None:
        """Let a second parser read the body that the first has skipped, by the same framing."""
        self._is_body_skipped = False
        framing = b"".join(
            b"%s: %s\r\n" % field
            for field in self.headers
            if field[0] in (b"content-length", b"transfer-encoding")
        )
        self._body_parser = httptools.HttpRequestParser(_BodyCallbacks(self))
        self._parse(b"POST / HTTP/1.1\r\n%s\r\n" % framing)

    def _keep(self, data: bytes) -> None:
        """Stop reading, and keep what was read too early."""
        self.flow.hold()
        self._set_unread(data)
        if self._open_connections.unread > self._limits.unread:
            self.abort()

    def _set_unread(self, data: bytes) -> None:
        self._open_connections.unread += len(data) - len(self._unread)
        self._unread = data

    def _read_on(self) -> None:
        """Read what was kept, and then what the client sends."""
        if not self._unread or self._is_full or self.transport.is_closing():
            return
        data = self._unread
        self._set_unread(b"")
        self._read(data)
        if not self._unread:
            self.flow.release()
            is_behind = self._latest is not None and len(self.cycle.body) > HIGH_WATER_LIMIT
            if not is_behind and not self._is_full:
                self.flow.resume_reading()

    # Refusing

    def _refuse(self, refusal: RequestRefused) -> None:
        """Refuse a request, after those before it have been answered, and close."""
        if refusal.status != 503:
            self.logger.warning(refusal.reason)
        is_in_body = self._sections.is_in_body
        self._refusal = refusal
        self._sections.expect_nothing()
        self._cancel_reading_timer()
        if self.pipeline:  # its body is refused, and an earlier request is being answered
            self.pipeline.clear()
            self._keep(b"")
        elif self._latest is None or (self.cycle.response_complete and not is_in_body):
            self._answer_refusal(refusal)
        elif not is_in_body:
            self._keep(b"")
        else:
            self._break_off(refusal)

    def _break_off(self, refusal: RequestRefused) -> None:
        """Refuse a request that the application has begun to read."""
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
        """Limit the time for what is being read, if anything is."""
        if self._reading_timer is not None or self.transport.is_closing():
            return
        if self._sections.is_in_body:
            self._received = 0
            self._reading_timer = self.loop.call_later(
                self._limits.body_seconds, self._check_body_progress
            )
        elif self._latest is None or (
            # While a request is answered the next may take its time.
            self.cycle.response_complete and not self._sections.is_between_requests
        ):
            self._unset_keepalive_if_required()
            self._reading_timer = self.loop.call_later(
                self._limits.head_seconds, self.transport.close
            )

    def _cancel_reading_timer(self) -> None:
        if self._reading_timer is not None:
            self._reading_timer.cancel()
            self._reading_timer = None

    def _check_body_progress(self) -> None:
        """Keep waiting if enough has come, or if we are not reading; otherwise refuse."""
        self._reading_timer = None
        if self.cycle.response_complete:
            self.transport.close()
        elif self._received >= self._limits.body_bytes or self.flow.read_paused:
            self._start_reading_timer()
        else:
            self._refuse(RequestRefused(408, "The body comes too slowly."))

    def _start_sending_timer(self) -> None:
        """Limit the time for what waits to be sent."""
        self._cancel_sending_timer()
        self._unsent = self.transport.get_write_buffer_size()
        self._sending_timer = self.loop.call_later(
            self._limits.answer_seconds, self._check_sending_progress
        )

    def _cancel_sending_timer(self) -> None:
        if self._sending_timer is not None:
            self._sending_timer.cancel()
            self._sending_timer = None

    def _check_sending_progress(self) -> None:
        """Keep waiting if the client has taken enough; otherwise close the connection."""
        if self._unsent - self.transport.get_write_buffer_size() >= self._limits.answer_bytes:
            self._start_sending_timer()
        else:
            self.abort()

    def _end_lingering(self) -> None:
        if self.transport.get_write_buffer_size() == 0:
            self.abort()


class _BodyCallbacks:
    """The callbacks of a parser that reads only a body."""

    def __init__(self, connection: Connection) -> None:
        self.on_chunk_header = connection.on_chunk_header
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete
