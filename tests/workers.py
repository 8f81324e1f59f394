"""Starts the test processes of `pytest -n` as forks of one that has imported the tests.

Importing them takes three seconds of a processor, and in a fresh clone six, because pytest rewrites
their assertions. What starts Sconto for the tests is a fork too, of one that has imported Sconto.
"""

import os
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from tests import forks, launcher

_SERVE: Final = "import sys; from tests.preloaded import main; main(*sys.argv[1:])"


class Preloaded:
    """The process that forks, as seen by the process that deals the tests out."""

    def __init__(self) -> None:
        self._started = ExitStack()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, config: pytest.Config, specs: Sequence[Any]) -> None:
        """Start it, and let it start the test processes."""
        folder = Path(self._started.enter_context(tempfile.TemporaryDirectory()))
        tests, commands = str(folder / "tests"), str(folder / "commands")
        for spec in specs:
            if spec.popen and not spec.python:
                spec.python = shlex.join([sys.executable, "-S", launcher.__file__, tests])
        os.environ[forks.DOOR] = commands
        self._start(forks.PROGRAM, socket.SOCK_SEQPACKET, commands)
        self._start(_SERVE, socket.SOCK_STREAM, tests, *config.args)

    def pytest_unconfigure(self) -> None:
        """End it."""
        self._started.close()

    def _start(self, program: str, kind: socket.SocketKind, address: str, *arguments: str) -> None:
        with socket.socket(socket.AF_UNIX, kind) as listener:
            listener.bind(address)
            listener.listen()
            process = forks.start_preloaded(program, listener, *arguments, stdin=subprocess.PIPE)
            self._started.callback(process.communicate)


def pytest_configure(config: pytest.Config) -> None:
    """Only the process that deals the tests out uses it."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Preloaded(), "preloaded")
