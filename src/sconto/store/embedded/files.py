"""Files that only their folder's owner can read, and locks on them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType


def open_private(path: Path, flags: int) -> int:
    """A descriptor of a file that only the folder's owner can read, even if root creates it."""
    fd = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        place = path.parent.stat()
        os.fchown(fd, place.st_uid, place.st_gid)
    return fd


class LockFile:
    """An open lock file.

    The lock belongs to the open file, not to the process. A child that gets the descriptor shares
    the lock, and the lock is free once every copy is closed. Children do not inherit it by default.
    """

    __slots__ = ("fd",)

    def __init__(self, path: Path) -> None:
        self.fd = open_private(path, os.O_RDWR)

    @classmethod
    def inherited(cls, fd: int) -> LockFile:
        """The open file that the parent process passed on, with its lock."""
        lock = cls.__new__(cls)
        lock.fd = fd
        os.set_inheritable(fd, False)
        return lock

    def take(self) -> None:
        """Take the lock exclusively; waits for all others."""
        fcntl.flock(self.fd, fcntl.LOCK_EX)

    def share(self) -> None:
        """Take the lock shared; waits for an exclusive one."""
        fcntl.flock(self.fd, fcntl.LOCK_SH)

    def try_take(self) -> bool:
        """Take the lock exclusively, if it is free."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Release the lock, for every copy of the open file."""
        fcntl.flock(self.fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close this copy. A copy in another process keeps the lock."""
        os.close(self.fd)

    def __enter__(self) -> LockFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock file exclusively for the length of a block; waits for it first."""
    with LockFile(path) as lock:
        lock.take()
        yield
