"""Processes that hold a data folder, and ways to find the processes that serve it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from sconto.store.embedded import hold_server
with hold_server(Path(sys.argv[1])) as url:
    {meanwhile}
    print(url, flush=True)
    sys.stdin.read()
"""


class Holder:
    """A process that holds a data folder until it is told to leave, or killed."""

    def __init__(self, data_dir: Path, meanwhile: str = "pass", path: str | None = None) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-c", HOLD.format(meanwhile=meanwhile), str(data_dir)],
            env=os.environ | ({} if path is None else {"PYTHONPATH": path}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read_url(self) -> str:
        """The holder's URL; waits for it."""
        assert self.child.stdout is not None
        url = self.child.stdout.readline().strip()
        assert url.startswith("postgresql://")
        return url

    def leave(self) -> None:
        """Let it end normally."""
        self.child.communicate(timeout=60)
        assert self.child.returncode == 0

    def kill(self) -> None:
        """Kill it."""
        self.child.kill()
        self.child.communicate()


def find_keepers(data_dir: Path) -> list[int]:
    """The living keepers of the data folder."""
    return _find_working_in(data_dir / "postgres")


def find_servers(data_dir: Path) -> list[int]:
    """All living PostgreSQL processes of the data folder, with orphaned backends."""
    return _find_working_in(data_dir / "postgres" / "cluster")


def find_postmaster(data_dir: Path) -> int:
    """The one PostgreSQL process of the data folder whose parent is none of them.

    Backends come and go while we look, so we look until there is one such process.
    """
    found: list[int] = []

    def is_alone() -> bool:
        servers = find_servers(data_dir)
        parents = {pid: _read_parent(pid) for pid in servers}
        found[:] = [pid for pid, parent in parents.items() if parent and parent not in servers]
        return len(found) == 1

    wait_until(is_alone)
    return found[0]


def kill(*pids: int) -> None:
    """Kill processes that may be gone already."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def wait_until(happened: Callable[[], object], seconds: float = 20) -> None:
    """Wait until it is true; fail after this many seconds."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.03)


def _find_working_in(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "cwd") == str(folder):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _read_parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
