"""Processor time of processes in nanoseconds; the system's other counters have ticks of 10 ms."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

_PROCESSES: Final = Path("/proc")


def processor_seconds(pid: int) -> float:
    """What a process and all that descend from it have used so far.

    Children that have ended count too: those of a connection to PostgreSQL end with it.
    """
    process = psutil.Process(pid)
    family = (pid, *(child.pid for child in process.children(recursive=True)))
    times = process.cpu_times()
    running = sum(nanoseconds for one in family for nanoseconds in _threads_of(one)) / 1e9
    return float(running + times.children_user + times.children_system)


def _threads_of(pid: int) -> Iterable[int]:
    try:
        for thread in (_PROCESSES / str(pid) / "task").iterdir():
            yield int((thread / "schedstat").read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return  # it ended meanwhile
