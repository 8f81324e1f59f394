"""Starts `sconto` as a fork of a process that has imported it.

Importing it costs most of the processor time of a command, and the tests run some two hundred. The
fork has its own session, environment and standard streams, and runs the same `sconto`.
"""

import atexit
import gc
import json
import multiprocessing.util
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from io import TextIOWrapper
from itertools import pairwise
from threading import Lock
from typing import IO, Final

from prometheus_client import values

from tests.house.sources import ROOT
from tests.operations.cheap_passwords import make_passwords_cheap

SCONTO: Final = "import sys; from sconto.cli import app; sys.exit(app())"

_PRELOADED: Final = (
    "sconto.app",
    "sconto.cli.refusals",
    "sconto.cli.serve",
    "sconto.store.migrate",
)

DOOR: Final = "TESTS_DOOR_OF_COMMANDS"
"""Names the socket of a process that forks for all test processes of a run."""

PROGRAM: Final = "import sys; from tests.forks import main; main(int(sys.argv[1]))"

_REQUEST_BYTES: Final = 1 << 18

_MAX_FILES: Final = 65_536

_REQUESTING: Final = Lock()


class Forked:
    """A running `sconto`, with what tests use of `subprocess.Popen`."""

    def __init__(self, pid: int, status: int, stdout: IO[str] | None) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._status = status
        """The pipe that gets the exit status."""

    def poll(self) -> int | None:
        """The exit status if it has ended; negative if a signal ended it."""
        if self.returncode is None and select.select([self._status], [], [], 0)[0]:
            self._read_status()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status. Raises TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("sconto", timeout or 0)
            self._read_status()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal it unless it has ended."""
        if self.poll() is None:
            # Its status comes a moment after its end.
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _read_status(self) -> None:
        said = os.read(self._status, 20)
        os.close(self._status)
        assert said, "the process that forks has ended"
        self.returncode = os.waitstatus_to_exitcode(int(said))


def start(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    program: str = SCONTO,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | None = None,
    stderr: IO[bytes] | None = None,
) -> Forked:
    """Start `sconto`, or another Python program, with these arguments.

    By default it has nothing to read, its output goes to a pipe in the result, and its errors are
    dropped.
    """
    changed = environment.get("PYTHONPATH") != os.environ.get("PYTHONPATH")
    assert not changed, "a fork has imported Sconto already"
    status, status_end = os.pipe()
    output, output_end = (None, stdout.fileno()) if stdout else os.pipe()
    with open(os.devnull, "r+b") as nothing:
        request = [program, list(arguments), dict(environment), os.getcwd()]
        read, complain = stdin or nothing, stderr or nothing
        streams = [read.fileno(), output_end, complain.fileno(), status_end]
        with _REQUESTING:
            door = _start_preloaded()
            socket.send_fds(door, [json.dumps(request).encode()], streams)
            pid = int(door.recv(20))
    os.close(status_end)
    if output is None:
        return Forked(pid, status, None)
    os.close(output_end)
    return Forked(pid, status, os.fdopen(output))


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    input: str = "",
    timeout: float = 60,
) -> "subprocess.CompletedProcess[str]":
    """Run `sconto` to its end. Raises TimeoutExpired."""
    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        stdin.write(input.encode())
        stdin.seek(0)
        process = start(arguments, environment, stdin=stdin, stdout=stdout, stderr=stderr)
        try:
            status = process.wait(timeout)
        finally:
            process.kill()
        stdout.seek(0)
        stderr.seek(0)
        said, complained = stdout.read().decode(), stderr.read().decode()
    return subprocess.CompletedProcess(["sconto", *arguments], status, said, complained)


@cache
def _start_preloaded() -> socket.socket:
    """The socket of a process that has imported Sconto. It ends when this process does."""
    if address := os.environ.get(DOOR):
        door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        door.connect(address)
        atexit.register(door.close)
        return door
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        preloaded = start_preloaded(PROGRAM, theirs)

    def end() -> None:
        ours.close()
        preloaded.wait()

    atexit.register(end)
    return ours


def start_preloaded(
    program: str, door: socket.socket, *arguments: str, stdin: int = subprocess.DEVNULL
) -> "subprocess.Popen[bytes]":
    """Start a Python program; its first argument is the descriptor of the socket."""
    return subprocess.Popen(
        [sys.executable, "-c", program, str(door.fileno()), *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if "SCONTO" not in name},
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        pass_fds=[door.fileno()],
        start_new_session=True,
    )


def main(descriptor: int) -> None:
    """Serve one process, or all that connect if the socket listens."""
    gc.disable()
    for module in _PRELOADED:
        import_module(module)
    make_passwords_cheap()
    # A service collects garbage once it has started: 0.2 s if it searches what was imported here.
    gc.freeze()
    gc.enable()
    given = socket.socket(fileno=descriptor)
    listens = given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if door := fork_for_each(given) if listens else given:
        _serve(door)


def fork_for_each(listener: socket.socket) -> socket.socket | None:
    """The connection, in a fork for each; None when our input has ended."""
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        door, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return door
        door.close()
    # A parent counts the processor time of children that were waited for.
    with suppress(ChildProcessError):
        while True:
            os.wait()
    return None


def _serve(door: socket.socket) -> None:
    """Fork for each request; in the fork, run its program. Return when the socket is closed."""
    ended, signalled = socket.socketpair()
    signalled.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(signalled.fileno())
    statuses: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([door, ended], [], [])
        if ended in ready:
            ended.recv(4096)
            _report_ended(statuses)
        if door in ready:
            request, streams, _, _ = socket.recv_fds(door, _REQUEST_BYTES, 4)
            if not request:
                _kill(statuses)
                return
            pid = os.fork()
            if pid == 0:
                for pipe in statuses.values():
                    os.close(pipe)
                break
            *standard, statuses[pid] = streams
            for stream in standard:
                os.close(stream)
            door.send(str(pid).encode())
    signal.set_wakeup_fd(-1)
    for end in (door, ended, signalled):
        end.close()
    _become(json.loads(request), streams)


def _kill(sessions: Iterable[int]) -> None:
    """Kill what a process that was killed has left running, with the workers."""
    for session in sessions:
        for kill in (os.killpg, os.kill):
            with suppress(ProcessLookupError):
                kill(session, signal.SIGKILL)


def _report_ended(statuses: dict[int, int]) -> None:
    while statuses:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        pipe = statuses.pop(pid)
        with suppress(BrokenPipeError):
            os.write(pipe, str(status).encode())
        os.close(pipe)


def _become(request: tuple[str, list[str], dict[str, str], str], streams: list[int]) -> None:
    """Make this fork what a shell would have started, and run it."""
    program, arguments, environment, folder = request
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for place, stream in enumerate(streams):
        if place < 3:
            os.dup2(stream, place)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["sconto", *arguments]
    for output in (sys.stdout, sys.stderr):
        assert isinstance(output, TextIOWrapper)
        output.reconfigure(line_buffering=output.isatty() or output is sys.stderr)
    # How `multiprocessing` starts the worker processes of a service.
    multiprocessing.util.spawnv_passfds = _fork_passing  # type: ignore[assignment]
    exec(program, {"__name__": "__main__"})


def _fork_passing(path: str, command: Sequence[str], passed: Sequence[int]) -> int:
    """Fork in place of a new Python with these descriptors; returns its id.

    As in a new Python nothing else is open, signals have their default actions, and
    prometheus-client keeps its figures where the environment says. Only the imported modules stay.
    """
    del path
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        for number in signal.valid_signals():
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for first, last in pairwise(sorted((2, *passed, _MAX_FILES))):
            os.closerange(first + 1, last)
        values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
        program = command.index("-c") + 1
        sys.argv = list(command[program:])
        exec(command[program], {"__name__": "__main__"})
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
