"""PostgreSQL servers for single tests: started, killed, copied and promoted."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import psycopg

from sconto.store.embedded.programs import Owner, Programs, find_programs, reach_programs
from tests.ports import free_port
from tests.prepared import copy_cluster
from tests.services import wait_until

SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
    "wal_level": "replica",
    "fsync": "on",
    # Its files are in the folder, and deleted with it even if the server is killed.
    "dynamic_shared_memory_type": "mmap",
}

_EVERYBODY: Final = """\
host all all 127.0.0.1/32 trust
host replication all 127.0.0.1/32 trust
"""


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that the user who runs PostgreSQL for root can enter."""
    with tempfile.TemporaryDirectory(prefix="sconto-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


class Cluster:
    """One server that listens on a port of 127.0.0.1 and trusts every client there."""

    def __init__(self, folder: Path, files: Path | None = None) -> None:
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        self.files = files or folder / "files"
        self.port = free_port()
        self._log = folder / "log"
        self._owner = choose_owner()
        self._programs: Programs = reach_programs(self._owner, folder)
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def running(
        cls,
        folder: Path,
        prepared: Path,
        files: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Iterator[Self]:
        """A running server on a copy of `prepared_cluster`."""
        cluster = cls(folder, files)
        copy_cluster(prepared, cluster.files)
        (cluster.files / "pg_hba.conf").write_text(_EVERYBODY)
        try:
            cluster.start(**(settings or {}))
            yield cluster
        finally:
            cluster.kill()

    @property
    def url(self) -> str:
        """The address of its database."""
        return self.address("sconto")

    @property
    def log(self) -> str:
        """Its log."""
        return self._log.read_text(errors="replace")

    def address(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def copy(self, primary: Self, *options: str) -> None:
        """Copy its files from a primary with `pg_basebackup`."""
        source = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres"]
        run_program("pg_basebackup", *source, "-D", str(self.files), "-c", "fast", *options)
        self._adopt_files()

    def start(self, **settings: str) -> None:
        """Start it and wait until it answers."""
        self.launch(**settings)
        wait_until(self.answers)

    def launch(self, **settings: str) -> None:
        """Start it without waiting."""
        command = [str(self._programs.folder / "postgres"), "-D", str(self.files)]
        for name, value in {**SETTINGS, **settings, "port": str(self.port)}.items():
            command += ["-c", f"{name}={value}"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._owner.uid,
                group=self._owner.gid,
                extra_groups=self._owner.groups,
                cwd="/",
                start_new_session=True,
            )

    def answers(self) -> bool:
        """Whether it answers. Restarts it if it has exited, perhaps because of old processes."""
        assert self._process is not None
        if self._process.poll() is not None:
            self.launch()
        try:
            psycopg.connect(self.address("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """Kill it with all its sessions, like a power cut; a dead one stays dead."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        children = _children_of(process.pid)
        for pid in (process.pid, *children):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.wait()

    def stop(self) -> None:
        """Shut it down cleanly."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)

    def empty(self) -> None:
        """Replace its database with one without a schema."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE sconto")
            connection.execute("CREATE DATABASE sconto OWNER sconto")

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """The rows of one statement in the database `sconto`."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _adopt_files(self) -> None:
        self.files.mkdir(mode=0o700, exist_ok=True)
        self.files.chmod(0o700)
        if self._owner.uid is not None:
            for path in (self.files, *self.files.rglob("*")):
                shutil.chown(path, self._owner.uid, self._owner.gid)


def run_program(name: str, *arguments: str) -> str:
    """The output of a client program of the bundled PostgreSQL."""
    command = [str(find_programs() / name), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def choose_owner() -> Owner:
    """The user who runs PostgreSQL, which refuses root."""
    if os.geteuid() != 0:
        return Owner()
    nobody = pwd.getpwnam("nobody")
    return Owner(nobody.pw_uid, nobody.pw_gid)


def _children_of(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []
