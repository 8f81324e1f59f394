"""Commands that run while the tests run; the run fails if one of them does.

`pytest --meanwhile 'make lint'` shows what they print in its summary.
"""

import os
import shlex
import signal
import subprocess
import tempfile
from typing import IO

import pytest


class Commands:
    """The commands of one run."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._started: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []

    def pytest_sessionstart(self) -> None:
        """Start them."""
        for line in self._lines:
            output = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end of the run
            started = subprocess.Popen(
                shlex.split(line), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
            self._started.append((started, output))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Wait for them, and report each that fails as a test that fails."""
        for line, (command, output) in zip(self._lines, self._started, strict=True):
            if command.wait() != 0:
                printed = _read(output)
                report = pytest.TestReport(line, (line, 0, line), {}, "failed", printed, "call")
                session.config.hook.pytest_runtest_logreport(report=report)
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show what the others printed."""
        for line, (command, output) in zip(self._lines, self._started, strict=True):
            if command.returncode == 0:
                terminalreporter.section(line)
                terminalreporter.write(_read(output))

    def pytest_unconfigure(self) -> None:
        """End the commands of an interrupted run."""
        for command, output in self._started:
            if command.poll() is None:
                os.killpg(command.pid, signal.SIGTERM)
                command.wait()
            output.close()


def _read(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode(errors="replace")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--meanwhile", action="append", default=[], help="a command that runs while the tests run"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Only the process that shows the summary runs the commands."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(
            Commands(config.getoption("--meanwhile")), "parallel_commands"
        )
