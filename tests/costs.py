"""Shows which tests cost most processor time, and when each test process of a run ended.

`pytest tests/store --costs 20` shows the tests.

The time of the processes that a test starts counts, and that of the shared PostgreSQL. A service or
a browser that several tests share counts for the test that uses it. The tests must run one after
another, so without `-n`.
"""

import time
from collections.abc import Generator
from contextlib import suppress

import psutil  # type: ignore[import-untyped]
import pytest


class Costs:
    """The processor time of each test, in seconds."""

    def __init__(self, shown: int) -> None:
        self._shown = shown
        self._seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Measure a test with its fixtures."""
        before = _seconds_of_children() + _own_seconds()
        result = yield
        # Ours first: finding the others takes longer than a quick test.
        after = _own_seconds()
        # A browser that ends takes the time of its processes along.
        self._seconds[item.nodeid] = max(0.0, after + _seconds_of_children() - before)
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the most costly tests."""
        ordered = sorted(self._seconds.items(), key=lambda test: test[1], reverse=True)
        total = sum(self._seconds.values())
        terminalreporter.section(f"seconds of a processor: {total:.1f} in all tests")
        for name, seconds in ordered[: self._shown]:
            terminalreporter.write_line(f"{seconds:7.2f}  {name}")


class Ends:
    """When each test process finished its last test, in seconds since the start of the run."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._ended: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the time."""
        if node := getattr(report, "node", None):
            self._ended[node.gateway.id] = time.monotonic() - self._started

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the times: with equal ones, no process was idle at the end."""
        if self._ended:
            ends = ", ".join(f"{seconds:.0f}" for seconds in sorted(self._ended.values()))
            terminalreporter.section(f"the test processes ended after {ends} s")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--costs", type=int, help="show this many tests that cost most processor time; without -n"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Measure if the option is set."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Ends(), "ends")
    shown = config.getoption("--costs")
    if shown:
        config.pluginmanager.register(Costs(shown), "costs")


def _own_seconds() -> float:
    """The time that this process and its ended children have used."""
    return float(sum(psutil.Process().cpu_times()[:4]))


def _seconds_of_children() -> float:
    """The time that the running descendants of this process have used."""
    seconds = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            seconds += sum(process.cpu_times()[:4])
    return seconds
