"""The memory that the bundled server uses for its pages."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_MEGABYTE: Final = 1024 * 1024
_LEAST: Final = 128
_MOST: Final = 1024

_CONTAINERS_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")


def shared_buffers(limit: Path = _CONTAINERS_LIMIT) -> str:
    """A quarter of the memory, as PostgreSQL recommends, from 128 to 1,024 megabytes.

    Memory is used as pages are read, so a small shop uses little of it. In a container its limit
    counts; the file `limit` has it in bytes, or "max". With a million promotions or ten million
    codes, 128 MB make a quote a third slower, because the indexes do not fit.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # no container, or none with a limit
        memory = min(memory, int(limit.read_text()))
    return f"{max(_LEAST, min(_MOST, memory // 4 // _MEGABYTE))}MB"
