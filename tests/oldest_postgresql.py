"""Runs a command with the address of a PostgreSQL 15 at its end, where this machine has one.

`python -m tests.oldest_postgresql pytest tests/store --database-url` tests the store on the oldest
PostgreSQL that Sconto works with; the bundled one is newer.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

MAJOR: Final = 15

_USUAL_PLACES: Final = (
    f"/usr/lib/postgresql/{MAJOR}/bin",
    f"/usr/pgsql-{MAJOR}/bin",
    f"/opt/homebrew/opt/postgresql@{MAJOR}/bin",
    f"/usr/local/opt/postgresql@{MAJOR}/bin",
)
_PATIENCE: Final = 60.0
"""Seconds for a start."""

# What it holds is gone with the run, so nothing of it needs to outlive a power cut.
_SETTINGS: Final = (
    "-clisten_addresses=",
    "-cmax_connections=200",
    "-cfsync=off",
    "-ctimezone=UTC",
)


def main(command: list[str]) -> int:
    """Run the command, and answer its exit status; 0 where there is nothing to run it on."""
    programs = find_programs()
    if programs is None:
        sys.stdout.write(f"No PostgreSQL {MAJOR} here: the bundled one is all that was tried.\n")
        return 0
    with running(programs) as url:
        return subprocess.run([*command, url], check=False).returncode


def find_programs() -> Path | None:
    """The folder of an installed PostgreSQL 15's programs."""
    on_path = shutil.which("postgres")
    places = [*_USUAL_PLACES, *([str(Path(on_path).resolve().parent)] if on_path else [])]
    return next((Path(place) for place in places if _is_oldest(Path(place))), None)


def _is_oldest(folder: Path) -> bool:
    if not all((folder / name).is_file() for name in ("postgres", "initdb")):
        return False
    said = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    return f" {MAJOR}." in said.stdout


@contextmanager
def running(programs: Path) -> Iterator[str]:
    """The address of a new server, whose user may do everything; it is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="sconto-") as place:
        folder, user = Path(place), None
        if os.geteuid() == 0:  # whom PostgreSQL refuses
            nobody = pwd.getpwnam("nobody")
            user = nobody.pw_uid
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        subprocess.run(
            [programs / "initdb", "-Dcluster", "-Usconto", "-EUTF8", "-Atrust", "--locale=C", "-N"],
            cwd=folder,
            user=user,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        server = subprocess.Popen(
            [programs / "postgres", "-Dcluster", "-k", folder, *_SETTINGS],
            cwd=folder,
            user=user,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            url = f"postgresql://sconto@/postgres?host={folder}"
            _wait_until_ready(url)
            yield url
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(_PATIENCE)


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
