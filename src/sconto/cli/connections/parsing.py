"""Parses requests piece by piece, including bodies that uvicorn's parser skips."""

from collections.abc import Iterable
from typing import Protocol

import httptools

from sconto.cli.connections.refusal import RequestRefused
from sconto.cli.connections.sections import Sections


class BodyCallbacks(Protocol):
    """The callbacks of the parser for a body."""

    def on_chunk_header(self) -> None:
        """The size of a chunk was read."""

    def on_body(self, body: bytes) -> None:
        """A piece of a body has come."""

    def on_message_complete(self) -> None:
        """A request has ended."""


class _BodyOnly:
    """Passes on what a parser reads of a body, and drops the head."""

    def __init__(self, callbacks: BodyCallbacks) -> None:
        self.on_chunk_header = callbacks.on_chunk_header
        self.on_body = callbacks.on_body
        self.on_message_complete = callbacks.on_message_complete


class PieceParser:
    """uvicorn's parser for pieces that end where a section ends.

    httptools takes a request that asks for an upgrade to be complete after its head. Sconto never
    upgrades, so a second parser reads the body of such a request.
    """

    def __init__(
        self, parser: httptools.HttpRequestParser, sections: Sections, callbacks: BodyCallbacks
    ) -> None:
        self._parser = parser
        self._sections = sections
        self._callbacks = callbacks
        self._body_parser: httptools.HttpRequestParser | None = None
        self._skipped_body_fields: list[tuple[bytes, bytes]] = []

    @property
    def is_skipping_body(self) -> bool:
        """Whether the parser takes the request for complete although its body follows."""
        return bool(self._skipped_body_fields)

    def end_head(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        """End a head: the sections now know whether a body follows."""
        self._skipped_body_fields = []
        if self._parser.should_upgrade() and not self._sections.is_body_empty:
            framing = (b"content-length", b"transfer-encoding")
            self._skipped_body_fields = [field for field in fields if field[0] in framing]

    def end_request(self) -> None:
        """End a request: uvicorn's parser reads the next one."""
        self._body_parser = None

    def feed(self, piece: bytes) -> None:
        """Parse a piece of one section. Raises RequestRefused."""
        try:
            (self._body_parser or self._parser).feed_data(piece)
        except httptools.HttpParserUpgrade:
            if self.is_skipping_body:
                self._read_skipped_body()
        except httptools.HttpParserError as error:
            # An exception of a callback comes wrapped in the parser's own.
            refusal = error.__context__
            if not isinstance(refusal, RequestRefused):
                refusal = RequestRefused(400, "Invalid HTTP request received.")
            raise refusal from None
        self._sections.count_framing()
        if piece.endswith(b"\n"):
            self._sections.end_line()

    def _read_skipped_body(self) -> None:
        """Let a second parser read the body that follows, framed by the same fields."""
        framing = b"".join(b"%s: %s\r\n" % field for field in self._skipped_body_fields)
        self._skipped_body_fields = []
        self._body_parser = httptools.HttpRequestParser(_BodyOnly(self._callbacks))
        self.feed(b"POST / HTTP/1.1\r\n%s\r\n" % framing)
