"""Shows which tests cost most processor time: `pytest tests/store --costs 20`.

The time of the processes that a test starts counts, and that of the shared PostgreSQL. A service or
a browser that several tests share counts for the test that it works for. The tests must run one
after another, so without `-n`.
"""

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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--costs", type=int, help="show this many tests that cost most processor time; without -n"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Measure if asked to."""
    shown = config.getoption("--costs")
    if shown:
        config.pluginmanager.register(Costs(shown), "costs")


def _own_seconds() -> float:
    """The time that this process has used, and those below it that have ended."""
    return sum(psutil.Process().cpu_times()[:4])


def _seconds_of_children() -> float:
    """The time that the running processes below this one have used."""
    seconds = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            seconds += sum(process.cpu_times()[:4])
    return seconds
