"""Progress bars on standard error. There is none if standard error is not a terminal."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)


class Readable(Protocol):
    """Something to read bytes from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; none at the end."""


class _WatchedFile:
    """A file whose reading moves a bar."""

    def __init__(self, file: IO[bytes], progress: Progress, task: TaskID) -> None:
        self._file = file
        self._progress = progress
        self._task = task

    def read(self, size: int, /) -> bytes:
        """The next bytes; at the end the bar says that writing begins."""
        piece = self._file.read(size)
        if piece:
            self._progress.advance(self._task, len(piece))
        else:
            self._progress.update(self._task, description="Writing")
        return piece


@contextmanager
def show_reading(file: IO[bytes]) -> Iterator[Readable]:
    """The same file; a bar shows how much of it has been read."""
    status = os.fstat(file.fileno())
    progress = _open_bar(DownloadColumn())
    if progress is None or not stat.S_ISREG(status.st_mode):
        yield file
        return
    with progress:
        yield _WatchedFile(file, progress, progress.add_task("Reading", total=status.st_size))


@contextmanager
def show_count(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """A function to call with the finished number; a bar shows it."""
    progress = _open_bar(MofNCompleteColumn())
    if progress is None:
        yield lambda _: None
        return
    with progress:
        task = progress.add_task(description, total=total)
        yield lambda done: progress.update(task, completed=done)


def _open_bar(amount: ProgressColumn) -> Progress | None:
    console = Console(stderr=True)
    if not console.is_terminal:
        return None
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)
