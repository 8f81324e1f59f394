"""Keeps temporary files in memory, where there is room for them."""

import os
import tempfile
from pathlib import Path
from typing import Final

from tests.dead_runs import RunFolder, open_run_folder

_DISK: Final = Path("/dev/shm")
_ROOM: Final = 4 << 30
"""Bytes that a run has to spare; it needs up to half of that."""

_folders: Final[list[RunFolder]] = []
"""Held until this process ends."""


def keep_files_in_memory() -> None:
    """Make temporary files on a disk in memory, unless `TMPDIR` names another folder.

    A PostgreSQL server has some 1,500 files. Creating and deleting them in memory takes a tenth of
    the time, and a run of all tests does so sixty times. Nobody sees these files after a restart,
    so each run clears what dead ones left.
    """
    if "TMPDIR" in os.environ or not _is_suitable(_DISK):
        return
    if folder := open_run_folder(_DISK, _ROOM):
        _folders.append(folder)
        os.environ["TMPDIR"] = str(folder.path)
        tempfile.tempdir = None


def _is_suitable(disk: Path) -> bool:
    """Whether programs can be written to it and run from it."""
    return os.access(disk, os.W_OK | os.X_OK) and not os.statvfs(disk).f_flag & os.ST_NOEXEC
