"""The bundled server's folder inside the data folder, and what its keeper last said there."""

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
    """What the keeper says: the server's URL, or why it fails; neither while it starts."""

    url: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ServerFolder:
    """The places inside `<data folder>/postgres`; the path is absolute."""

    path: Path

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own folder; it appears under this name only when complete."""
        return self.path / "cluster"

    @property
    def log(self) -> Path:
        """What PostgreSQL and the keeper wrote."""
        return self.path / "postgres.log"

    def open_log(self) -> int:
        """A descriptor that appends to the log."""
        return open_private(self.log, os.O_WRONLY | os.O_APPEND)

    def log_size(self) -> int:
        """Its length in bytes."""
        return self.log.stat().st_size if self.log.exists() else 0

    @property
    def socket_record(self) -> Path:
        """Where the name of the private socket folder is kept."""
        return self.path / "socket-folder"

    @property
    def door(self) -> Path:
        """Locked for a moment by who comes, leaves or looks; by the keeper while it ends."""
        return self.path / "door.lock"

    @property
    def holders(self) -> Path:
        """Shared by every holder as long as it holds."""
        return self.path / "holders.lock"

    @property
    def keeper(self) -> Path:
        """Locked by the keeper as long as it lives; it also contains the keeper's notice."""
        return self.path / "keeper.lock"

    @property
    def server(self) -> Path:
        """Locked by every PostgreSQL process of this folder, backends without a postmaster too."""
        return self.path / "server.lock"


def prepare_folder(data_dir: Path) -> ServerFolder:
    """Make the folder where it is missing, readable by the data folder's owner alone."""
    data_dir = data_dir.absolute()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = ServerFolder(data_dir / "postgres")
    folder.path.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        place = data_dir.stat()
        os.chown(folder.path, place.st_uid, place.st_gid)
    return folder


def write_notice(lock: LockFile, notice: Notice) -> None:
    """Replace the notice in place, so that a full disk does not silence the keeper."""
    said = {"url": notice.url, "failure": notice.failure[:_FAILURE_CHARACTERS]}
    os.pwrite(lock.fd, json.dumps(said).encode().ljust(_NOTICE_BYTES), 0)


def read_notice(lock: LockFile) -> Notice:
    """The current notice; an empty one where nothing readable stands."""
    try:
        return Notice(**json.loads(os.pread(lock.fd, _NOTICE_BYTES, 0)))
    except (ValueError, TypeError):
        return Notice()
