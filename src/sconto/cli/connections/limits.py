"""The limits of the connections to one worker: sizes, times and numbers."""

import resource
from dataclasses import dataclass, replace
from typing import Final, Self

_MAX_DESCRIPTORS: Final = 65_536
"""No limit would be too many: some programs walk through all descriptors that they may have."""

_RESERVED_DESCRIPTORS: Final = 128
"""For the database, the log, the metrics, and connections that are about to close."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of each connection, and of all connections to one worker. Times are in seconds.

    `framing` is for chunk extensions and trailers together. Within each `body_seconds` a body must
    end or bring `body_bytes`. Within each `answer_seconds` the client must take everything that
    waits to be sent, or `answer_bytes` of it. `connections` are served, and `spare` more may be
    open while they close. Together they keep at most `unread` bytes of requests that wait for the
    answers before them.
    """

    request_line: int = 16 * 1024
    fields: int = 64 * 1024
    field_count: int = 100
    framing: int = 16 * 1024
    head_seconds: float = 10
    body_seconds: float = 30
    body_bytes: int = 1024 * 1024
    answer_seconds: float = 30
    answer_bytes: int = 256 * 1024
    idle_seconds: int = 5
    connections: int = 2048
    spare: int = 64
    unread: int = 32 * 1024 * 1024

    def fitted_to(self, descriptors: int) -> Self:
        """The same limits, with at most the connections that this number of descriptors allows.

        Without free descriptors a process can open no file and reach no database.
        """
        reserved = min(_RESERVED_DESCRIPTORS, descriptors // 2)
        spare = min(self.spare, reserved // 2)
        return replace(self, connections=min(self.connections, descriptors - reserved), spare=spare)


def raise_descriptor_limit() -> int:
    """Let this process and its workers open as many files as allowed. Returns the number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        return soft if soft != resource.RLIM_INFINITY else wanted
    return wanted
