"""Shares something among the processes of a run: the first one opens it, and closes it last."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from sconto.store.embedded.files import LockFile, alone


@contextmanager
def shared(folder: Path, open_it: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """The address of something that all processes with this folder share.

    The process that opened it waits at the end of its block until no other uses it.
    """
    folder.mkdir(exist_ok=True)
    door, address = folder / "door", folder / "address"
    with ExitStack() as opened, LockFile(folder / "users") as users:
        with alone(door):
            users.share()
            is_first = not address.exists()
            if is_first:
                address.write_text(opened.enter_context(open_it()))
        try:
            yield address.read_text()
        finally:
            users.release()
            if is_first:
                _wait_until_unused(door, users, address)


def _wait_until_unused(door: Path, users: LockFile, address: Path) -> None:
    """Return when no other process uses it, and none can find it any more."""
    while True:
        users.take()
        users.release()
        with alone(door):
            if users.try_take():
                address.unlink()
                return
