"""The machine: its cores and who uses them, the costs of a process, and a description."""

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

_PACKAGES: Final = (
    "sconto",
    "asyncpg",
    "httptools",
    "msgspec",
    "starlette",
    "uvicorn",
    "uvloop",
)


@dataclass(frozen=True, slots=True)
class Cores:
    """The cores of the service, of PostgreSQL, and of the load."""

    service: frozenset[int]
    database: frozenset[int]
    load: frozenset[int]

    @property
    def every(self) -> frozenset[int]:
        """All of them."""
        return self.service | self.database | self.load


def divide_cores() -> Cores:
    """With two cores the service has its own; with more, the load has its own too."""
    first, *others = sorted(os.sched_getaffinity(0))
    if not others:
        return Cores(frozenset([first]), frozenset([first]), frozenset([first]))
    *middle, last = others
    return Cores(frozenset([first]), frozenset(middle or [last]), frozenset([last]))


@contextmanager
def pinned(cores: frozenset[int]) -> Iterator[None]:
    """Run the block on these cores. Processes started in it stay there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def freed(pid: int, cores: frozenset[int]) -> Iterator[None]:
    """Until the block ends, let a running process, and what it starts, use these cores."""
    before = os.sched_getaffinity(pid)
    os.sched_setaffinity(pid, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(pid, before)


def parent_of(pid: int) -> int:
    """The parent of a process."""
    return int(psutil.Process(pid).ppid())


def cpu_seconds(pid: int) -> float:
    """The processor time that a process and its children, ended ones too, have used so far."""
    process = psutil.Process(pid)
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        # A child that ends meanwhile counts among the ended children of its parent.
        with suppress(psutil.NoSuchProcess):
            time = one.cpu_times()
            total += time.user + time.system + time.children_user + time.children_system
    return total


class Bystanders:
    """The other programs that use the cores, from now on."""

    def __init__(self, cores: frozenset[int]) -> None:
        self._cores = cores
        self._started = time.monotonic()
        self._busy = _busy_seconds(cores)
        self._own = cpu_seconds(os.getpid())

    def share_of_cores(self, *own: int) -> float:
        """The share of the cores' time that all but these processes and their children have had.

        This process is one of them, and none is a child of another.
        """
        busy = _busy_seconds(self._cores) - self._busy
        used = sum(map(cpu_seconds, own)) - self._own
        passed = (time.monotonic() - self._started) * len(self._cores)
        return max(0.0, busy - used) / passed


def _busy_seconds(cores: frozenset[int]) -> float:
    every = psutil.cpu_times(percpu=True)
    return float(
        sum(sum(every[core][:8]) - every[core].idle - every[core].iowait for core in cores)
    )


def memory_megabytes(pid: int) -> float:
    """The memory that a process uses now."""
    return float(psutil.Process(pid).memory_info().rss) / 2**20


def describe_machine(cores: Cores, postgresql: str) -> dict[str, str]:
    """The machine in general terms, and the versions of the software."""
    gigabytes = round(psutil.virtual_memory().total / 2**30)
    return {
        "processor": f"{_processor()}, {len(cores.every)} cores",
        "memory": f"{gigabytes} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "postgresql": postgresql,
        **{package: version(package) for package in _PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
