"""What befalls a worker node: it refuses a database, hangs, or is killed."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.distributed import Cluster

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
    postmaster = postmaster_of(cluster)
    stopped: list[int] = []
    try:
        os.kill(postmaster, signal.SIGSTOP)  # first, so that it starts no more
        stopped.append(postmaster)
        for child in children_of(postmaster):
            os.kill(child, signal.SIGSTOP)
            stopped.append(child)
        yield
    finally:
        for process in reversed(stopped):
            os.kill(process, signal.SIGCONT)


@contextmanager
def killed(cluster: Cluster, _name: str) -> Iterator[None]:
    """It is killed, and started again at the end."""
    postmaster = postmaster_of(cluster)
    process = Path(f"/proc/{postmaster}")
    program, folder = Path(os.readlink(process / "exe")), os.readlink(process / "cwd")
    owner = process.stat().st_uid
    for one in (postmaster, *children_of(postmaster)):
        os.kill(one, signal.SIGKILL)
    while process_is_there(postmaster):
        time.sleep(0.02)
    try:
        yield
    finally:
        # Waiting for it would stop the shoppers of this process meanwhile.
        control = program.with_name("pg_ctl")
        subprocess.run(
            [control, "start", "-W", "-D", folder, "-l", os.devnull],
            cwd=folder,
            user=owner,
            stdout=subprocess.DEVNULL,
            check=True,
        )


def postmaster_of(cluster: Cluster) -> int:
    """The first process of the first worker; skips the test if that is on another machine."""
    with psycopg.connect(cluster.address("postgres", 1)) as worker:
        commits = worker.execute("SHOW synchronous_commit").fetchone()
        folder = worker.execute("SHOW data_directory").fetchone()
        pid = worker.execute("SELECT pg_backend_pid()").fetchone()
        assert folder is not None
        assert pid is not None
        is_here = process_is_there(pid[0])
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


def process_is_there(pid: int) -> bool:
    """Whether it runs; one that nobody has waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
