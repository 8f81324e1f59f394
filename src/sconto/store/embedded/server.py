"""The PostgreSQL server of one folder: making, starting, watching and stopping it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from sconto.store.embedded.failures import EmbeddedError
from sconto.store.embedded.files import LockFile
from sconto.store.embedded.folder import ServerFolder
from sconto.store.embedded.memory import shared_buffers
from sconto.store.embedded.programs import Programs, choose_owner, reach_programs
from sconto.store.embedded.sockets import open_socket_folder, remove_socket_folder

_Command = list[Path | str]

_TICK = 0.05
_REASON = re.compile(r"(?:FATAL|PANIC|ERROR|error): +(.+)")
_LOG_BYTES = 8 * 1024 * 1024

# A process whose working folder is the cluster need not pass the folders above it, which may be
# closed to the unprivileged user. PostgreSQL resolves "." to a full path, but keeps this name,
# which is right for each of its processes.
_HERE = "/proc/self/cwd"

_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Errors of statements are returned to the client. In the log their text could show a code.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}

# The application's role owns its database and may create more, as in production. It is no
# superuser.
_FIRST_STATEMENTS = """\
CREATE ROLE sconto LOGIN CREATEDB
GRANT pg_monitor TO sconto
CREATE DATABASE sconto OWNER sconto
"""

_STOP_SIGNALS = (
    (signal.SIGINT, 60.0),  # fast: ends sessions, writes a checkpoint
    (signal.SIGQUIT, 15.0),  # immediate: recovery at the next start
    (signal.SIGKILL, 15.0),
)


class Server:
    """The server of a folder. The caller must hold the keeper's lock of the folder.

    Every PostgreSQL process inherits the open server lock. So if the lock can be taken, no process
    is left, neither a postmaster nor backends of a killed one. A server is started only then.
    """

    def __init__(self, folder: ServerFolder) -> None:
        self._folder = folder
        self._owner = choose_owner(folder)
        self._postmaster: subprocess.Popen[bytes] | None = None
        self._written_before = 0

    @cached_property
    def _sockets(self) -> Path:
        return open_socket_folder(self._folder, self._owner)

    @property
    def url(self) -> str:
        """The address to connect to; it stays the same as long as the socket folder exists."""
        return f"postgresql://sconto@/sconto?host={self._sockets}&port=5432"

    def is_ready(self) -> bool:
        """Whether a postmaster runs here and accepts connections."""
        lines = self._read_pid_file()
        return len(lines) > 7 and lines[7].strip() == "ready" and self._find_postmaster() != 0

    def start(self) -> None:
        """Start the server if none of its processes is left; `is_ready` says when it is up.

        Makes the cluster if there is none. A recovery may take minutes.

        Raises:
            EmbeddedError: PostgreSQL refused the last start, or the cluster is of another major.
        """
        with LockFile(self._folder.server) as lock:
            if not lock.try_take():
                return
            last, self._postmaster = self._postmaster, None
            if last is not None and last.wait() > 0:
                raise EmbeddedError(self._explain("PostgreSQL does not start"))
            self._written_before = self._folder.log_size()
            programs = reach_programs(self._owner, self._sockets)
            self._remove_unfinished_clusters()
            if not self._folder.cluster.exists():
                self._make_cluster(programs, lock)
            self._check_major(programs)
            self._remove_left_pid_files()
            self._postmaster = self._launch(programs, lock)

    def stop(self) -> None:
        """Stop all processes of the server: with a fast shutdown, an immediate one, or a kill."""
        for stop_signal, timeout in _STOP_SIGNALS:
            if pid := self._find_postmaster():
                with suppress(ProcessLookupError):
                    os.kill(pid, stop_signal)
            if self._is_gone_within(timeout):
                break

    def remove_sockets(self) -> None:
        """Remove the socket folder of the stopped server, and with it its URL."""
        remove_socket_folder(self._folder, self._owner)

    def trim_log(self) -> None:
        """Limit the log's size; one older part is kept."""
        log = self._folder.log
        if self._folder.log_size() > _LOG_BYTES:
            with suppress(OSError):
                shutil.copyfile(log, log.with_suffix(".log.old"))
            os.truncate(log, 0)

    def _make_cluster(self, programs: Programs, lock: LockFile) -> None:
        unfinished = Path(tempfile.mkdtemp(prefix="cluster.", dir=self._folder.path))
        self._owner.give(unfinished)
        initdb: _Command = [programs.folder / "initdb", "-D", self._here(), "-U", "postgres"]
        initdb += ["-E", "UTF8", "--locale=C", "--data-checksums", "--no-instructions"]
        initdb += ["--auth-local=trust", "--auth-host=reject"]
        single: _Command = [programs.folder / "postgres", "--single", "-D", self._here()]
        single += ["-c", "exit_on_error=on", "postgres"]
        for command, statements in ((initdb, ""), (single, _FIRST_STATEMENTS)):
            made = self._spawn(command, unfinished, lock, stdin=subprocess.PIPE)
            made.communicate(statements.encode())
            if made.returncode != 0:
                self._remove_unfinished_clusters()
                raise EmbeddedError(self._explain("PostgreSQL cannot make its files"))
        unfinished.rename(self._folder.cluster)
        entries = os.open(self._folder.path, os.O_RDONLY)
        os.fsync(entries)
        os.close(entries)

    def _remove_unfinished_clusters(self) -> None:
        for left in self._folder.path.glob("cluster.*"):
            shutil.rmtree(left, ignore_errors=True)

    def _check_major(self, programs: Programs) -> None:
        found = (self._folder.cluster / "PG_VERSION").read_text().strip()
        if found != programs.major:
            raise EmbeddedError(
                f"{self._folder.cluster} was made by PostgreSQL {found}, and the bundled one is "
                f"{programs.major}: nothing was changed; `sconto database dump` of the version "
                f"with PostgreSQL {found} writes a file, which `sconto database load` of this "
                "version loads into another SCONTO_DATA_DIR"
            )

    def _remove_left_pid_files(self) -> None:
        """Remove files of a killed postmaster; its pid may be another process's or a zombie's by
        now.

        A PostgreSQL that runs here without our lock is found by its pid. In another process
        namespace, PostgreSQL itself finds it by its shared memory.
        """
        if pid := self._find_postmaster():
            raise EmbeddedError(f"another PostgreSQL, process {pid}, uses {self._folder.cluster}")
        (self._folder.cluster / "postmaster.pid").unlink(missing_ok=True)
        for left in self._sockets.glob(".s.PGSQL.*"):
            left.unlink()

    def _launch(self, programs: Programs, lock: LockFile) -> subprocess.Popen[bytes]:
        settings = {
            **_SETTINGS,
            "shared_buffers": shared_buffers(),
            "unix_socket_directories": f'"{self._sockets}"',
        }
        command: _Command = [programs.folder / "postgres", "-D", self._here()]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return self._spawn(command, self._folder.cluster, lock, stdin=subprocess.DEVNULL)

    def _spawn(
        self, command: _Command, cluster: Path, lock: LockFile, stdin: int
    ) -> subprocess.Popen[bytes]:
        log = self._folder.open_log()
        try:
            return subprocess.Popen(
                command,
                cwd=cluster,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdin=stdin,
                stdout=log,
                stderr=log,
                user=self._owner.uid,
                group=self._owner.gid,
                extra_groups=self._owner.groups,
                pass_fds=[lock.fd],
                start_new_session=True,
            )
        finally:
            os.close(log)

    def _here(self) -> str:
        return "." if self._owner.uid is None else _HERE

    def _explain(self, what: str) -> str:
        with self._folder.log.open("rb") as log:
            log.seek(self._written_before)
            found = _REASON.search(log.read().decode(errors="replace"))
        reason = found.group(1) if found else "it gives no reason"
        return f"{what}: {reason} (see {self._folder.log})"

    def _read_pid_file(self) -> list[str]:
        try:
            return (self._folder.cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _find_postmaster(self) -> int:
        """The pid of the running postmaster, ours or an earlier keeper's; 0 if none runs."""
        if self._postmaster is not None and self._postmaster.poll() is None:
            return self._postmaster.pid
        lines = self._read_pid_file()
        pid = int(lines[0]) if lines and lines[0].isdigit() else 0
        return pid if pid and _works_in(pid, self._folder.cluster) else 0

    def _is_gone_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        with suppress(FileNotFoundError), LockFile(self._folder.server) as lock:
            while not lock.try_take():
                if time.monotonic() > end:
                    return False
                time.sleep(_TICK)
        return True


def _works_in(pid: int, cluster: Path) -> bool:
    """Whether the process runs in this folder; its pid may have been reused."""
    try:
        if Path(_HERE).exists():
            return os.path.samefile(f"/proc/{pid}/cwd", cluster)
        os.kill(pid, 0)
    except OSError:
        return False
    return True
