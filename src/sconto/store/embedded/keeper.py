"""The keeper: a detached process that runs the server of a folder as long as there are holders."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sconto.store.embedded.failures import EmbeddedError
from sconto.store.embedded.files import LockFile
from sconto.store.embedded.folder import Notice, ServerFolder, read_notice, write_notice
from sconto.store.embedded.server import Server

_TICK = 0.2
_SHORT_TICK = 0.05
_PAUSE_AFTER_FAILURE = 1.0


def ensure_keeper(folder: ServerFolder) -> Notice:
    """The keeper's notice; starts a keeper if none runs. The caller must have locked the door.

    Raises:
        EmbeddedError: a keeper cannot be started.
    """
    with LockFile(folder.keeper) as lock:
        if not lock.try_take():
            return read_notice(lock)
        launch_keeper(folder, lock)
        return Notice()


def launch_keeper(folder: ServerFolder, lock: LockFile) -> None:
    """Start a keeper that inherits its lock from the caller, so that there are never two."""
    write_notice(lock, Notice())
    log = folder.open_log()
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "sconto.store.embedded", folder.path, str(lock.fd)],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock.fd],
        )
    finally:
        os.close(log)
    if done.returncode != 0:
        raise EmbeddedError(f"the bundled PostgreSQL's keeper does not start (see {folder.log})")


def main(folder_path: str, lock_fd: str) -> None:
    """Detach from the parent process, then run the server until nobody holds it."""
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    os.umask(0o077)
    os.chdir(folder_path)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    keep_server(ServerFolder(Path(folder_path)), LockFile.inherited(int(lock_fd)))


def keep_server(folder: ServerFolder, lock: LockFile) -> None:
    """Start the server, restart it when it has ended, and stop it when nobody holds the folder."""
    door, holders = LockFile(folder.door), LockFile(folder.holders)
    said = Notice()
    server = Server(folder)
    try:
        while not _is_abandoned(door, holders):
            seen = _attend(server)
            if seen != said:
                write_notice(lock, seen)
                said = seen
            time.sleep(_PAUSE_AFTER_FAILURE if said.failure else _TICK if said.url else _SHORT_TICK)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        write_notice(lock, Notice())
        server.stop()
    server.remove_sockets()


def _attend(server: Server) -> Notice:
    """Check the server once, and start it if it has ended."""
    try:
        server.trim_log()
        if server.is_ready():
            return Notice(url=server.url)
        server.start()
    except EmbeddedError as error:
        return Notice(failure=str(error))
    except OSError as error:
        return Notice(failure=f"the bundled PostgreSQL does not start: {error}")
    return Notice()


def _is_abandoned(door: LockFile, holders: LockFile) -> bool:
    """Whether nobody holds the folder. If so, the door stays locked until this process ends."""
    if not door.try_take():
        return False
    if holders.try_take():
        return True
    door.release()
    return False
