"""What befalls a worker node: it refuses a database, hangs, is killed, or starts again."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg
import pytest
from psycopg import sql

from tests.distributed import Cluster
from tests.services import wait_until

Fault = Callable[[Cluster, str], AbstractContextManager[None]]
"""Befalls the first worker for the length of a block; it gets the database's name."""


@contextmanager
def unreachable(cluster: Cluster, name: str) -> Iterator[None]:
    """It refuses and ends all connections to the database."""
    with psycopg.connect(cluster.address("postgres", 1), autocommit=True) as worker:

        def allow(allowed: bool) -> None:
            worker.execute(
                sql.SQL("UPDATE pg_database SET datallowconn = {} WHERE datname = {}").format(
                    sql.Literal(allowed), sql.Literal(name)
                )
            )

        allow(False)
        worker.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            allow(True)


@contextmanager
def hanging(cluster: Cluster, _name: str) -> Iterator[None]:
    """All its processes stand still. Its machine still accepts connections, and answers none."""
    stopped: list[int] = []
    try:
        for process in stopping(postmaster_of(cluster)):
            stopped.append(process)
        yield
    finally:
        for process in reversed(stopped):
            with suppress(ProcessLookupError):  # it ended as soon as it stood still
                os.kill(process, signal.SIGCONT)


@contextmanager
def killed(cluster: Cluster, _name: str) -> Iterator[None]:
    """It is killed, and started again at the end."""
    postmaster = postmaster_of(cluster)
    server = Server.of(postmaster)
    for process in list(stopping(postmaster)):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    try:
        yield
    finally:
        server.start(postmaster)


def restarted(mode: str) -> Fault:
    """It is stopped as `pg_ctl stop -m` does it in this mode, and started again at the end."""

    @contextmanager
    def stop(cluster: Cluster, _name: str) -> Iterator[None]:
        postmaster = postmaster_of(cluster)
        server = Server.of(postmaster)
        server.control("stop", "-m", mode)
        try:
            yield
        finally:
            server.start(postmaster)

    return stop


def signalled(function: str) -> Fault:
    """All its sessions of the database get this of `pg_terminate_backend`, `pg_cancel_backend`."""

    @contextmanager
    def signal_all(cluster: Cluster, name: str) -> Iterator[None]:
        with psycopg.connect(cluster.address("postgres", 1), autocommit=True) as worker:
            worker.execute(
                sql.SQL("SELECT {}(pid) FROM pg_stat_activity WHERE datname = {}").format(
                    sql.Identifier(function), sql.Literal(name)
                )
            )
        yield

    return signal_all


@dataclass(frozen=True)
class Server:
    """A PostgreSQL on this machine, as its first process was started."""

    program: Path
    folder: str
    owner: int

    @classmethod
    def of(cls, postmaster: int) -> Self:
        """The server with this first process."""
        process = Path(f"/proc/{postmaster}")
        program, folder = Path(os.readlink(process / "exe")), os.readlink(process / "cwd")
        return cls(program.with_name("pg_ctl"), folder, process.stat().st_uid)

    def start(self, before: int) -> None:
        """Start it, once nothing is left of the first process that it had before.

        A process that was killed is there until its parent has waited for it, and as long the
        server does not start. It may take a moment more, while its shared memory is in use.
        """
        wait_until(lambda: not Path(f"/proc/{before}").exists())
        wait_until(lambda: self.control("start", "-l", os.devnull))

    def control(self, *arguments: str) -> bool:
        """Run pg_ctl, and wait; whether that worked."""
        done = subprocess.run(
            [self.program, *arguments, "-w", "-D", self.folder],
            cwd=self.folder,
            user=self.owner,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return done.returncode == 0


def stopping(postmaster: int) -> Iterator[int]:
    """Stop the first process and then its others; each is given when it has the signal.

    The first one starts no more as soon as it stands still, so then none is missed.
    """
    os.kill(postmaster, signal.SIGSTOP)
    yield postmaster
    wait_until(lambda: state_of(postmaster) in {"T", ""})
    for child in children_of(postmaster):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGSTOP)
            yield child


@asynccontextmanager
async def beside_load(fault: AbstractContextManager[None]) -> AsyncIterator[None]:
    """The fault for the length of a block. It begins and ends in a thread, which takes seconds."""
    await asyncio.to_thread(fault.__enter__)
    try:
        yield
    finally:
        await asyncio.to_thread(fault.__exit__, None, None, None)


def postmaster_of(cluster: Cluster) -> int:
    """The first process of the first worker; skips the test if that is on another machine."""
    with psycopg.connect(cluster.address("postgres", 1)) as worker:
        commits = worker.execute("SHOW synchronous_commit").fetchone()
        folder = worker.execute("SHOW data_directory").fetchone()
        pid = worker.execute("SELECT pg_backend_pid()").fetchone()
        assert folder is not None
        assert pid is not None
        is_here = state_of(pid[0]) not in {"", "Z"}
    if commits == ("off",):
        pytest.skip("a worker with synchronous_commit = off may forget orders when it is killed")
    lines = Path(folder[0], "postmaster.pid")
    if not is_here or not lines.exists():
        pytest.skip("the first worker is on another machine")
    return int(lines.read_text().partition("\n")[0])


def children_of(parent: int) -> list[int]:
    """The ids of its processes."""
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(child) for child in found.split()]


def state_of(pid: int) -> str:
    """The letter that Linux has for its state, such as `T` if it stands still; none if it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""
