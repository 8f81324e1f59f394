"""The answer to a request that is refused before the application has read it."""

from collections.abc import Iterable
from typing import Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

_RETRY_AFTER: Final = 1


class RequestRefused(Exception):
    """A request that is refused while it is being read; then the connection closes."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason

    def answer(self, default_fields: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The bytes of the answer."""
        fields = [
            *default_fields,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(self.reason)),
            (b"connection", b"close"),
        ]
        if self.status == 503:
            fields.append((b"retry-after", b"%d" % _RETRY_AFTER))
        lines = [b"%s: %s\r\n" % field for field in fields]
        return b"".join([STATUS_LINE[self.status], *lines, b"\r\n", self.reason.encode()])
