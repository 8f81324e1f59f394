"""What killed test runs left is cleared; what living ones use stays."""

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forks
from tests.dead_runs import RunFolder, open_run_folder

A_RUN_WITH_A_SERVICE = """
import os, socket, time
from tests import forks
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
if os.fork() == 0:
    ours.close()
    forks._serve(theirs)
    os._exit(0)
theirs.close()
forks._start_preloaded = lambda: ours
print(forks.start([], os.environ, program="import time; time.sleep(60)").pid, flush=True)
time.sleep(60)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


def start(folder: Path, command: str = "sleep") -> "subprocess.Popen[bytes]":
    """A process with temporary files below this folder."""
    place = folder / "service"
    place.mkdir(exist_ok=True)
    environment = {"TMPDIR": str(place)} if command == "sleep" else {}
    return subprocess.Popen([command, "60"], cwd=place, env=environment)


def opened(disk: Path) -> RunFolder:
    folder = open_run_folder(disk)
    assert folder is not None
    return folder


def test_a_run_clears_what_dead_runs_left_and_nothing_else(tmp_path: Path) -> None:
    dead, alive = opened(tmp_path), opened(tmp_path)
    others = tmp_path / "sconto-tests-ffffff-other"
    others.mkdir()
    sleep = shutil.which("sleep")
    assert sleep is not None
    # PostgreSQL has no environment to see.
    (tmp_path / "postgres").symlink_to(sleep)
    postgres = str(tmp_path / "postgres")
    left = [start(dead.path), start(dead.path, postgres)]
    used = [start(alive.path), start(alive.path, postgres), start(others)]
    # A shell that somebody has opened there.
    used.append(subprocess.Popen([sleep, "60"], cwd=dead.path, env={"PWD": str(dead.path)}))
    try:
        dead.end()
        opened(tmp_path).end()
        assert [one.wait(10) for one in left] == [-signal.SIGKILL, -signal.SIGQUIT]
        assert [one.poll() for one in used] == [None] * 4
        assert not dead.path.exists()
        assert (alive.path / "service").exists()
        assert others.exists()
    finally:
        alive.end()
        for one in left + used:
            one.kill()
            one.wait()


def test_a_full_disk_is_not_used(tmp_path: Path) -> None:
    assert open_run_folder(tmp_path, 1 << 62) is None
    assert [path.name.rpartition("-")[2] for path in tmp_path.iterdir()] == ["door"]


def test_services_end_with_a_killed_run() -> None:
    run = forks.start([], os.environ, program=A_RUN_WITH_A_SERVICE)
    assert run.stdout is not None
    with run.stdout:
        service = os.pidfd_open(int(run.stdout.readline()))
    run.kill()
    run.wait(10)
    assert select.select([service], [], [], 10)[0] == [service]
    os.close(service)
