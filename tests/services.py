"""A real `sconto serve` that tests start, stop and kill."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Final, Self

import httpx

from tests import forks

SCONTO: Final = str(Path(sys.executable).with_name("sconto"))

_PATIENCE: Final = 40.0
"""Seconds: more than anything takes, even on a busy machine."""


def environment_of(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCONTO_")}
    return {**kept, **settings}


class Service:
    """A running service. `folder` gets its log and its temporary files."""

    program: ClassVar[str] = forks.SCONTO
    """What a fork runs."""
    command: ClassVar[Sequence[str]] = ()
    """What runs instead of a fork."""
    options: ClassVar[Sequence[str]] = ("serve", "--port", "0")

    def __init__(self, folder: Path, settings: Mapping[str, str], *arguments: str) -> None:
        folder.mkdir(exist_ok=True)
        self.temporary = folder / "temporary"
        self.temporary.mkdir(exist_ok=True)
        self._log = folder / "log"
        environment = environment_of({**settings, "TMPDIR": str(self.temporary)})
        self.process: subprocess.Popen[str] | forks.Forked
        with self._log.open("ab") as log:
            if not self.command:
                self.process = forks.start(
                    [*self.options, *arguments], environment, program=self.program, stderr=log
                )
            else:
                self.process = subprocess.Popen(
                    [*self.command, *self.options, *arguments],
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    start_new_session=True,
                )
        self.url = self._read_url()

    @classmethod
    @contextmanager
    def running(cls, folder: Path, settings: Mapping[str, str], *arguments: str) -> Iterator[Self]:
        """A service that answers. Afterwards it is stopped, and must leave nothing."""
        service = cls(folder, settings, *arguments)
        try:
            service.wait_until_live()
            yield service
            service.stop()
        finally:
            service.kill_all()

    @property
    def log(self) -> str:
        """Its log so far."""
        return self._log.read_text()

    def workers(self) -> list[int]:
        """The ids of its worker processes."""
        found = re.findall(r"Started server process \[(\d+)\]", self.log)
        return [pid for pid in map(int, found) if _is_alive(pid)]

    def get(self, path: str) -> httpx.Response:
        """One request on a new connection, which any worker may get."""
        return httpx.get(self.url + path, timeout=_PATIENCE)

    def wait_until_live(self) -> None:
        """Wait until it answers."""
        wait_until(lambda: self.get("/health/live").status_code == 200)

    def stop(self) -> None:
        """Stop it, and assert that it leaves nothing."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(_PATIENCE) == 0, self.log
        # Python's resource tracker ends shortly after its process.
        wait_until(lambda: not self.is_anything_left())
        assert list(self.temporary.iterdir()) == []

    def is_anything_left(self) -> bool:
        """Whether any of its processes is alive."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return not _are_all_zombies(self.process.pid)

    def kill_all(self) -> None:
        """Kill what a failed test may have left."""
        if self.is_anything_left():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(_PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read_url(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        match = re.search(r"http://\S+", line)
        if match is None:
            self.kill_all()
            raise AssertionError(f"{line!r} names no address; the log is {self.log!r}")
        return match[0]


def run_command(settings: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of Sconto to its end."""
    return forks.run(arguments, environment_of(settings))


def wait_until(is_so: Callable[[], bool], *, within: float = _PATIENCE) -> None:
    """Ask until it is true. A broken connection counts as false."""
    deadline = time.monotonic() + within
    while True:
        try:
            if is_so():
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _are_all_zombies(group: int) -> bool:
    """Whether all processes of a group have ended, and only wait for the system to collect them."""
    states = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group:
            states.add(state)
    return states == {"Z"}
