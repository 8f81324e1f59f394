"""Runs PostgreSQL servers without durability for tests: the bundled one, or version 15.

`python -m tests.postgresql pytest tests/store --database-url` tests the store on version 15, the
oldest that Sconto works with; the bundled one is newer.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from sconto.store.embedded.programs import reach_programs
from tests.faults.cluster import choose_owner
from tests.memory_disk import keep_files_in_memory

MAJOR: Final = 15

_USUAL_PLACES: Final = (
    f"/usr/lib/postgresql/{MAJOR}/bin",
    f"/usr/pgsql-{MAJOR}/bin",
    f"/opt/homebrew/opt/postgresql@{MAJOR}/bin",
    f"/usr/local/opt/postgresql@{MAJOR}/bin",
)
_START_TIMEOUT: Final = 60.0
"""Seconds."""

_INITDB_OPTIONS: Final = ("-Dcluster", "-Upostgres", "-EUTF8", "-Atrust", "--locale=C", "--no-sync")

# The data are deleted with the run, so nothing is written for a power cut. A worker of autovacuum
# in a database would delay its end: only a superuser may stop it.
_SETTINGS: Final = (
    "-clisten_addresses=",
    "-cmax_connections=200",
    "-cfsync=off",
    "-cfull_page_writes=off",
    "-cwal_init_zero=off",
    "-cwal_level=minimal",
    "-cmax_wal_senders=0",
    "-cautovacuum=off",
    "-ccheckpoint_timeout=1h",
    "-ctimezone=UTC",
)

# The server ends when our end of its standard input closes, even if we are killed.
_UNTIL_INPUT_ENDS: Final = '"$@" & read -r _; kill -QUIT $!; wait'


def main(command: list[str]) -> int:
    """Run a command with the address of a PostgreSQL 15 as its last argument; returns its status.

    If no PostgreSQL 15 is installed, nothing runs, and the status is 0.
    """
    programs = find_oldest()
    if programs is None:
        sys.stdout.write(f"No PostgreSQL {MAJOR} here: only the bundled one was tested.\n")
        return 0
    keep_files_in_memory()
    with running(programs) as url:
        return subprocess.run([*command, url], check=False).returncode


def find_oldest() -> Path | None:
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
def running(programs: Path | None = None) -> Iterator[str]:
    """The address of a new server, the bundled one by default; it is deleted after the block.

    As in production, the user `sconto` may create databases and is not a superuser.
    """
    with tempfile.TemporaryDirectory(prefix="sconto-", ignore_cleanup_errors=True) as place:
        folder, owner = Path(place), choose_owner()
        folder.chmod(0o755)
        programs = programs or reach_programs(owner, folder).folder
        owner.give(folder)
        subprocess.run(
            [programs / "initdb", *_INITDB_OPTIONS],
            cwd=folder,
            user=owner.uid,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        postgres = (str(programs / "postgres"), "-Dcluster", "-k", str(folder), *_SETTINGS)
        server = subprocess.Popen(
            ["/bin/sh", "-c", _UNTIL_INPUT_ENDS, "sh", *postgres],
            cwd=folder,
            user=owner.uid,
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            url = f"postgresql://{{}}@/postgres?host={folder}"
            _make_role(url.format("postgres"))
            yield url.format("sconto")
        finally:
            server.communicate(timeout=_START_TIMEOUT)


def _make_role(url: str) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while True:
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE ROLE sconto LOGIN CREATEDB")
                connection.execute("GRANT pg_monitor TO sconto")
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
