"""Imports the tests, and forks a test process for each launcher that connects."""

import os
import signal
import socket
import sys
import threading

import pytest

from tests import forks


class _NoItems:
    """Keeps pytest from making items of the tests that it imports."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self) -> list[pytest.Item]:
        """No items."""
        return []


def main(descriptor: str, *arguments: str) -> None:
    """Import the tests that the arguments name, and serve the socket until our input ends."""
    pytest.main(["-n0", "-qq", "--collect-only", *arguments], [_NoItems()])
    if launcher := forks.fork_for_each(socket.socket(fileno=int(descriptor))):
        _become_test_process(launcher)


def _become_test_process(launcher: socket.socket) -> None:
    """Do what the launcher's command line says: run what comes from its standard input."""
    _, streams, _, _ = socket.recv_fds(launcher, 1, 3)
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    threading.Thread(target=_end_with, args=[launcher], daemon=True).start()
    with open(0, closefd=False) as first:
        exec(eval(first.readline()), vars(sys.modules["__main__"]))


def _end_with(launcher: socket.socket) -> None:
    """A signal to the launcher is meant for this process."""
    launcher.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)
