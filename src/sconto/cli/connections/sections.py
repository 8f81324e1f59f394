"""The sections of a request: where each ends, and how long it may be."""

from enum import Enum, auto
from typing import Final

from sconto.cli.connections.limits import ConnectionLimits
from sconto.cli.connections.refusal import RequestRefused

_LARGEST_PIECE: Final = 16 * 1024

_SHORT: Final = 8 * 1024
"""Data of at most this many bytes cannot hold a section that is too long."""

_CHUNK_OVERHEAD: Final = 32
"""Bytes around a chunk that are not counted: its size in hex, and two line ends."""

_END: Final = b"\r\n\r\n"
"""Ends a head and a chunked body. It may also stand within a chunked body."""


class Section(Enum):
    """What the next bytes belong to."""

    REQUEST_LINE = auto()
    FIELDS = auto()
    SIZED_BODY = auto()
    CHUNKED_BODY = auto()
    NOTHING = auto()
    """No further request is read from this connection."""


# Enum lookups are slow in Python 3.11, and a request would need twenty.
_REQUEST_LINE: Final = Section.REQUEST_LINE
_FIELDS: Final = Section.FIELDS
_SIZED_BODY: Final = Section.SIZED_BODY
_CHUNKED_BODY: Final = Section.CHUNKED_BODY
_NOTHING: Final = Section.NOTHING


class Sections:
    """Cuts data so that no piece reaches past the end of a head or a body.

    The parser reveals neither its place in a piece nor the length of what it skips (spaces, blank
    lines, chunk extensions). Each piece belongs to one section only, so counting pieces counts
    sections, before the parser has kept anything.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self.section = _REQUEST_LINE
        self._size = 0  # of the section so far; of a sized body, what is left
        self._has_begun = False
        self._tail = b""  # the last bytes of the section, where _END may have begun
        self._piece = 0  # bytes of the piece being parsed that are not chunk data
        self.chunks_in_piece = 0

    @property
    def is_in_body(self) -> bool:
        """Whether more of a body is expected."""
        return self.section is _SIZED_BODY or self.section is _CHUNKED_BODY

    @property
    def is_body_empty(self) -> bool:
        """Whether the head that was just read is all of the request."""
        return self.section is _SIZED_BODY and self._size == 0

    @property
    def is_between_requests(self) -> bool:
        """Whether no byte of the next request has come."""
        return self.section is _REQUEST_LINE and self._size == 0

    @property
    def is_at_end(self) -> bool:
        """Whether no further request is read from this connection."""
        return self.section is _NOTHING

    def expect_request(self) -> None:
        """A request has ended: another may follow."""
        self.section, self._size = _REQUEST_LINE, 0
        self._has_begun = False

    def begin_request(self) -> None:
        """The parser has read the first byte that is not a blank line."""
        self._has_begun = True

    def end_line(self) -> None:
        """The parser has read a whole line: the request line, or a blank one before it."""
        if self.section is _REQUEST_LINE and self._has_begun:
            self.section, self._size, self._tail = _FIELDS, 0, b"\r\n"

    def expect_sized_body(self, size: int) -> None:
        """A head has ended, and a body of this size follows."""
        self.section, self._size = _SIZED_BODY, size

    def expect_chunked_body(self) -> None:
        """A head has ended, and chunks follow."""
        self.section, self._size, self._tail, self._piece = _CHUNKED_BODY, 0, b"", 0

    def expect_nothing(self) -> None:
        """Everything else on this connection is discarded."""
        self.section = _NOTHING

    def cut(self, data: bytes, start: int) -> int:
        """The end of the piece that begins at `start`. Raises RequestRefused."""
        self.chunks_in_piece = 0
        section = self.section
        if section is _REQUEST_LINE:
            return self._cut_request_line(data, start)
        if section is _FIELDS:
            return self._cut_fields(data, start)
        if section is _SIZED_BODY:
            end = min(len(data), start + self._size)
            if end == start:  # never seen: the parser would need more than announced
                raise RequestRefused(400, "Invalid HTTP request received.")
            self._size -= end - start
            return end
        if section is _CHUNKED_BODY:
            end = self._find_end(data, start, _LARGEST_PIECE)
            self._piece = end - start
            return end
        return len(data)

    def count_chunk(self) -> None:
        """The parser has read the size of a chunk."""
        self.chunks_in_piece += 1
        self._piece -= _CHUNK_OVERHEAD

    def count_chunk_data(self, size: int) -> None:
        """The parser has read that many bytes of a chunk."""
        self._piece -= size

    def count_framing(self) -> None:
        """Count the rest of the piece as chunk extensions and trailers.

        Call it after each piece, and before the end of the body. Raises RequestRefused.
        """
        if self.section is not _CHUNKED_BODY:
            return
        self._size = max(0, self._size + self._piece)
        self._piece = 0
        if self._size > self._limits.framing:
            raise RequestRefused(400, "Too much besides the chunks.")

    def _cut_request_line(self, data: bytes, start: int) -> int:
        if not self._size and len(data) <= _SHORT and data[start] not in b"\r\n":
            # Most requests: a whole head that is too short to break a limit on its bytes.
            end = data.find(_END, start) + len(_END)
            if end >= len(_END):
                return end
        left = self._limits.request_line - self._size
        end = data.find(b"\n", start, start + left) + 1 or len(data)
        if end - start > left:
            if self._has_begun or data[start:end].strip(b"\r\n"):
                raise RequestRefused(414, "The request line is too long.")
            raise RequestRefused(400, "Too many blank lines.")
        self._size += end - start
        return end

    def _cut_fields(self, data: bytes, start: int) -> int:
        left = self._limits.fields - self._size
        end = self._find_end(data, start, left + 1)
        if end - start > left:
            raise RequestRefused(431, "The header fields are too large.")
        self._size += end - start
        return end

    def _find_end(self, data: bytes, start: int, most: int) -> int:
        """The index after the next _END, which may begin in an earlier piece, or after `most`."""
        piece = self._tail + data[start : start + most]
        end = piece.find(_END) + len(_END)
        if end >= len(_END):
            piece = piece[:end]
        end = start + len(piece) - len(self._tail)
        self._tail = piece[-len(_END) + 1 :]
        return end
