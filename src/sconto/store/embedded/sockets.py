"""The private folder of the server's socket, outside the data folder to have a short name."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from sconto.store.embedded.files import open_private
from sconto.store.embedded.folder import ServerFolder
from sconto.store.embedded.programs import Owner

# The address of a socket has room for 107 bytes on Linux and 103 elsewhere.
_LONGEST_PLACE = 70


def open_socket_folder(folder: ServerFolder, owner: Owner) -> Path:
    """The folder of the socket, which only the owner may enter: the recorded one, or a new one."""
    found = _find_socket_folder(folder, owner)
    if found is not None:
        return found
    made = Path(tempfile.mkdtemp(prefix="sconto-", dir=_choose_place()))
    try:
        owner.give(made)
        record = open_private(folder.socket_record, os.O_WRONLY | os.O_TRUNC)
        with os.fdopen(record, "w") as text:
            text.write(f"{_name_origin(folder)} {made}")
    except OSError:
        made.rmdir()
        raise
    return made


def remove_socket_folder(folder: ServerFolder, owner: Owner) -> None:
    """Remove the folder of the socket and its record."""
    found = _find_socket_folder(folder, owner)
    if found is not None:
        shutil.rmtree(found, ignore_errors=True)
        folder.socket_record.unlink(missing_ok=True)


def _find_socket_folder(folder: ServerFolder, owner: Owner) -> Path | None:
    try:
        origin, _, name = folder.socket_record.read_text().partition(" ")
        found = os.lstat(name)
        uid = os.geteuid() if owner.uid is None else owner.uid
        ours = origin == _name_origin(folder) and (found.st_uid, found.st_mode) == (uid, 0o40700)
    except OSError:
        return None
    return Path(name) if ours else None


def _name_origin(folder: ServerFolder) -> str:
    """Distinguishes a data folder from a copy, whose record must not name the original's socket."""
    return str(folder.path.stat().st_ino)


def _choose_place() -> str:
    """The system's temporary folder; /tmp if its name is long or others cannot enter it."""
    usual = tempfile.gettempdir()
    places = [Path(usual), *Path(usual).parents]
    reachable = os.geteuid() != 0 or all(place.stat().st_mode & 0o001 for place in places)
    return usual if reachable and len(os.fsencode(usual)) <= _LONGEST_PLACE else "/tmp"  # noqa: S108 - mkdtemp makes it safe
