"""Processor time of processes in nanoseconds; the system's other counters have ticks of 10 ms."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

_PROCESSES: Final = Path("/proc")

ProcessorTime = Mapping[tuple[int, int], int]
"""Nanoseconds that each thread has run so far, by process and thread."""


def read_processor_time(pids: Iterable[int]) -> ProcessorTime:
    """What the threads of these processes, and of all that descend from them, have used so far."""
    family: set[int] = set()
    for pid in pids:
        process = psutil.Process(pid)
        family |= {pid, *(child.pid for child in process.children(recursive=True))}
    return {
        (pid, int(thread.name)): nanoseconds
        for pid in family
        for thread, nanoseconds in _threads_of(pid)
    }


def seconds_between(before: ProcessorTime, after: ProcessorTime) -> float:
    """The processor time in seconds between two readings, of the threads that still run."""
    return sum(used - before.get(thread, 0) for thread, used in after.items()) / 1e9


def _threads_of(pid: int) -> Iterable[tuple[Path, int]]:
    try:
        for thread in (_PROCESSES / str(pid) / "task").iterdir():
            yield thread, int((thread / "schedstat").read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return  # it ended meanwhile
