"""A service that is asked to stop exits with status 0, whenever and however often it is asked."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forks import Forked
from tests.services import SCONTO, Service, environment_of, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are looked up in /proc")


@pytest.fixture
def settings(create_database: Callable[[], str], tmp_path: Path) -> dict[str, str]:
    """A migrated database that no other test uses."""
    return {
        "SCONTO_DATABASE_URL": create_database(),
        "SCONTO_SECRET_KEY": "x" * 32,
        "TMPDIR": str(tmp_path),
    }


def stop_again_and_again(process: subprocess.Popen[str] | Forked) -> int:
    """Send SIGTERM until the process has ended; returns its status."""
    deadline = time.monotonic() + 60
    while process.poll() is None:
        process.send_signal(signal.SIGTERM)
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process.wait()


def stop_during_the_start(settings: dict[str, str], tmp_path: Path, after: float) -> None:
    """Stop a service this many seconds after it has set its signal handler."""
    log = tmp_path / "log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [SCONTO, "serve", "--port", "0"],
            env=environment_of(settings),
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            text=True,
        )
    try:
        wait_until(lambda: catches(process.pid, signal.SIGTERM))
        time.sleep(after)
        assert stop_again_and_again(process) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


def catches(process: int, number: signal.Signals) -> bool:
    """Whether the process has a handler for a signal."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    [caught] = [line.split()[1] for line in lines if line.startswith("SigCgt:")]
    return bool(int(caught, 16) >> (number - 1) & 1)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_service_told_to_stop_many_times_ends_with_status_0(
    settings: dict[str, str], tmp_path: Path, workers: str
) -> None:
    with Service.running(tmp_path / "service", settings, "--workers", workers) as service:
        assert stop_again_and_again(service.process) == 0, service.log
        assert "Finished server process" in service.log


@pytest.mark.parametrize("after", [0, 0.5])
def test_a_service_told_to_stop_while_it_starts_ends_with_status_0(
    settings: dict[str, str], tmp_path: Path, after: float
) -> None:
    stop_during_the_start(settings, tmp_path, after)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_service_can_be_told_to_stop_at_any_moment(
    settings: dict[str, str], tmp_path: Path
) -> None:
    for _ in range(60):
        stop_during_the_start(settings, tmp_path, random.uniform(0, 2))


def test_a_stop_signal_lost_by_python_ends_the_service_before_it_serves() -> None:
    lost = (
        "import signal\n"
        "from sconto.cli.termination import exit_if_stopped, terminable\n"
        "class Finalized:\n"
        "    def __del__(self):\n"
        "        signal.raise_signal(signal.SIGTERM)\n"
        "with terminable():\n"
        "    Finalized()\n"
        "    print('starts')\n"
        "    exit_if_stopped()\n"
        "    print('serves')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", lost], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout == "starts\n"
