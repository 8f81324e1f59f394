"""The bundled server's folder inside the data folder, and its keeper's last notice."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from sconto.store.embedded.files import LockFile, open_private

_NOTICE_BYTES = 4096
_FAILURE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Notice:
    """The keeper's notice: the server's URL, or why it fails; neither during the start."""

    url: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ServerFolder:
    """The files inside `<data folder>/postgres`; the path is absolute."""

    path: Path

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data directory. It gets this name only when it is complete."""
        return self.path / "cluster"

    @property
    def log(self) -> Path:
        """The log of PostgreSQL and the keeper."""
        return self.path / "postgres.log"

    def open_log(self) -> int:
        """A descriptor that appends to the log."""
        return open_private(self.log, os.O_WRONLY | os.O_APPEND)

    def log_size(self) -> int:
        """The log's length in bytes."""
        return self.log.stat().st_size if self.log.exists() else 0

    @property
    def socket_record(self) -> Path:
        """The file with the name of the private socket folder."""
        return self.path / "socket-folder"

    @property
    def door(self) -> Path:
        """Locked briefly to enter, leave or look, and by the keeper while it ends."""
        return self.path / "door.lock"

    @property
    def holders(self) -> Path:
        """Locked, shared, by every holder."""
        return self.path / "holders.lock"

    @property
    def keeper(self) -> Path:
        """Locked by the keeper as long as it runs; it also contains the keeper's notice."""
        return self.path / "keeper.lock"

    @property
    def server(self) -> Path:
        """Locked by every PostgreSQL process of this folder, also backends without a postmaster."""
        return self.path / "server.lock"


def prepare_folder(data_dir: Path) -> ServerFolder:
    """Make the folder if it is missing, readable only by the data folder's owner."""
    data_dir = data_dir.absolute()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = ServerFolder(data_dir / "postgres")
    folder.path.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        place = data_dir.stat()
        os.chown(folder.path, place.st_uid, place.st_gid)
    return folder


def write_notice(lock: LockFile, notice: Notice) -> None:
    """Overwrite the notice in place, which works on a full disk too."""
    content = {"url": notice.url, "failure": notice.failure[:_FAILURE_CHARACTERS]}
    os.pwrite(lock.fd, json.dumps(content).encode().ljust(_NOTICE_BYTES), 0)


def read_notice(lock: LockFile) -> Notice:
    """The current notice; an empty one if it cannot be read."""
    try:
        return Notice(**json.loads(os.pread(lock.fd, _NOTICE_BYTES, 0)))
    except (ValueError, TypeError):
        return Notice()
