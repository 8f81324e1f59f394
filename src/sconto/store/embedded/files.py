"""Files private to their folder's owner, and locks on them that end with their last process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType


def open_private(path: Path, flags: int) -> int:
    """A descriptor of a file for the folder's owner alone, even when root makes it."""
    fd = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        place = path.parent.stat()
        os.fchown(fd, place.st_uid, place.st_gid)
    return fd


class LockFile:
    """One opening of a lock file.

    The lock belongs to the opening, not to the process: a child that is given the descriptor shares
    the lock, and it is free once every copy is closed. Nothing inherits it unasked.
    """

    __slots__ = ("fd",)

    def __init__(self, path: Path) -> None:
        self.fd = open_private(path, os.O_RDWR)

    @classmethod
    def inherited(cls, fd: int) -> LockFile:
        """The opening that the parent process passed on, with its lock."""
        lock = cls.__new__(cls)
        lock.fd = fd
        os.set_inheritable(fd, False)
        return lock

    def take(self) -> None:
        """Take it alone, waiting for everybody else."""
        fcntl.flock(self.fd, fcntl.LOCK_EX)

    def share(self) -> None:
        """Take it beside others who share it, waiting for one who has it alone."""
        fcntl.flock(self.fd, fcntl.LOCK_SH)

    def try_take(self) -> bool:
        """Take it alone if nobody else has it."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let it go, for every copy of this opening."""
        fcntl.flock(self.fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close this copy; a copy in another process keeps the lock."""
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
    """Hold the lock file alone for the length of a block, waiting for it first."""
    with LockFile(path) as lock:
        lock.take()
        yield
