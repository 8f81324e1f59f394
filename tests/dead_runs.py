"""Gives a run a folder for its temporary files, and clears what killed runs left.

A run holds a lock in its folder as long as it lives, so a folder whose lock is free is that of a
dead run. Only runs of this user from this checkout are looked at.
"""

import os
import select
import shutil
import signal
import tempfile
from contextlib import ExitStack, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from sconto.store.embedded.files import LockFile, alone
from sconto.store.embedded.folder import ServerFolder
from sconto.store.embedded.programs import choose_owner
from sconto.store.embedded.sockets import remove_socket_folder
from tests.house.sources import ROOT

_CHECKOUT: Final = sha256(f"{os.geteuid()} {ROOT}".encode()).hexdigest()[:6]
_NAME: Final = f"sconto-tests-{_CHECKOUT}-"

_END_TIMEOUT: Final = 10.0
"""Seconds that the processes of a dead run have to end."""


class RunFolder:
    """The folder of a living run. It is cleared by a later run, once this process has ended."""

    def __init__(self, disk: Path) -> None:
        """Make it on this disk."""
        self.path = Path(tempfile.mkdtemp(prefix=_NAME, dir=disk))
        # The user who runs PostgreSQL for root enters it.
        self.path.chmod(0o755)
        self._lock = LockFile(self.path / "lock")
        self._lock.take()

    def end(self) -> None:
        """Release the lock, as the end of the process does."""
        self._lock.close()


def open_run_folder(disk: Path, room: int = 0) -> RunFolder | None:
    """Clear what dead runs left, and make a folder; None if fewer bytes than `room` are free."""
    with alone(disk / f"{_NAME}door"):
        for folder in disk.glob(f"{_NAME}*/"):
            _clear_unless_alive(folder)
        state = os.statvfs(disk)
        return RunFolder(disk) if state.f_bavail * state.f_frsize >= room else None


def _clear_unless_alive(folder: Path) -> None:
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        return
    with LockFile(folder / "lock") as lock:
        if not lock.try_take():
            return
        _end_processes(folder)
        for record in folder.rglob("socket-folder"):
            server = ServerFolder(record.parent)
            remove_socket_folder(server, choose_owner(server))
        shutil.rmtree(folder, ignore_errors=True)


def _end_processes(folder: Path) -> None:
    """End the processes of a dead run. PostgreSQL gets the time to remove its shared memory."""
    with ExitStack() as opened:
        running = select.poll()
        found: set[int] = set()
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                # Opened first: another process may get the number while this one is looked at.
                process = os.pidfd_open(int(place.name))
                opened.callback(os.close, process)
                if number := _signal_that_ends(place, folder):
                    found.add(process)
                    running.register(process, select.POLLIN)
                    signal.pidfd_send_signal(process, number)
        while found and (ended := running.poll(_END_TIMEOUT * 1000)):
            for process, _ in ended:
                running.unregister(process)
                found.remove(process)
        for process in found:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, signal.SIGKILL)


def _signal_that_ends(process: Path, folder: Path) -> signal.Signals | None:
    """The signal for a process of the run with this folder; None for others. Raises OSError.

    Its processes have temporary files there. PostgreSQL overwrites its environment, and works in
    its folder of data.
    """
    if (process / "comm").read_text() == "postgres\n":
        return signal.SIGQUIT if (process / "cwd").readlink().is_relative_to(folder) else None
    place = b"TMPDIR=" + os.fsencode(folder)
    variables = (process / "environ").read_bytes().split(b"\0")
    if any(one == place or one.startswith(place + b"/") for one in variables):
        return signal.SIGKILL
    return None
