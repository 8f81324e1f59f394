"""Holders of the bundled server: the first one starts it, the last one stops it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sconto.store.embedded.failures import EmbeddedError
from sconto.store.embedded.files import LockFile, alone
from sconto.store.embedded.folder import ServerFolder, prepare_folder
from sconto.store.embedded.keeper import ensure_keeper, launch_keeper
from sconto.store.embedded.programs import choose_owner, find_programs

_TICK = 0.05
_WATCH_SECONDS = 0.5


@contextmanager
def hold_server(data_dir: Path) -> Iterator[str]:
    """The URL of the data folder's PostgreSQL, which runs at least for the length of the block.

    Holders of one folder, in any number of processes, share one server at one URL. A forked copy of
    this process is a holder too until it ends. A program that it starts is not.

    Raises:
        EmbeddedUnavailable: the wheel with PostgreSQL is not installed.
        EmbeddedError: the server does not start; the message is one line.
    """
    find_programs()
    try:
        folder = prepare_folder(data_dir)
        choose_owner(folder)
        share = LockFile(folder.holders)
    except OSError as error:
        raise _explain(data_dir, error) from error
    leaving = threading.Event()
    watcher = threading.Thread(
        target=_watch_keeper, args=(folder, leaving), name="embedded-watcher", daemon=True
    )
    try:
        url = _enter(folder, share)
        watcher.start()
        yield url
    finally:
        leaving.set()
        if watcher.is_alive():
            watcher.join()
        _leave(folder, share)


def _enter(folder: ServerFolder, share: LockFile) -> str:
    try:
        while True:
            with alone(folder.door):
                share.share()
                notice = ensure_keeper(folder)
            if notice.failure:
                raise EmbeddedError(notice.failure)
            if notice.url:
                return notice.url
            time.sleep(_TICK)
    except OSError as error:
        raise _explain(folder.path, error) from error


def _watch_keeper(folder: ServerFolder, leaving: threading.Event) -> None:
    """Replace a killed keeper; tries again if one cannot be started."""
    while not leaving.wait(_WATCH_SECONDS):
        with suppress(OSError, EmbeddedError), alone(folder.door):
            ensure_keeper(folder)


def _leave(folder: ServerFolder, share: LockFile) -> None:
    """Stop holding. The last holder waits until the server has stopped."""
    share.close()
    with suppress(OSError, EmbeddedError):
        while not _is_settled(folder):
            time.sleep(_TICK)


def _is_settled(folder: ServerFolder) -> bool:
    """Whether others hold the server, or it has stopped. The keeper has the door while it ends."""
    with alone(folder.door):
        with LockFile(folder.holders) as holders:
            if not holders.try_take():
                return True
        with LockFile(folder.keeper) as keeper, LockFile(folder.server) as server:
            if not keeper.try_take():
                return False
            if server.try_take():
                return True
            launch_keeper(folder, keeper)
            return False


def _explain(place: Path, error: OSError) -> EmbeddedError:
    return EmbeddedError(f"cannot use {error.filename or place}: {error.strerror}")
