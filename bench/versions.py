"""Two versions of the service: that of this folder, and that of a revision in Git."""

import asyncio
import hashlib
import os
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Final

from bench.servers import SECRET_KEY, Server, free_port, serve

_ROOT: Final = Path(__file__).parents[1]
_ENVIRONMENTS: Final = _ROOT / "build" / "compare"
_REQUIREMENTS: Final = "requirements/run.txt"


class NoVersion(Exception):
    """The revision cannot be read or installed. The message is one line."""


@dataclass(frozen=True, slots=True)
class Version:
    """A source tree, and the Python that has its requirements."""

    name: str
    source: Path
    python: Path

    async def run(self, database_url: str, *arguments: str, sent: str = "") -> None:
        """Run a command of this version. Raises NoVersion if it fails."""
        process = await asyncio.create_subprocess_exec(
            *self._command(arguments),
            env={**os.environ, **self._environment(database_url)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate(sent.encode())
        if process.returncode != 0:
            raise NoVersion(f"{self.name}: sconto {arguments[0]} failed: {_last_line(said)}")

    @asynccontextmanager
    async def serve(self, database_url: str, cores: frozenset[int]) -> AsyncIterator[Server]:
        """One worker of this version, without rate limits."""
        port = free_port()
        command = self._command(["serve", "--no-migrate", "--port", str(port)])
        async with serve(command, port, self._environment(database_url), cores) as server:
            yield server

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [str(self.python), "-c", "from sconto.cli import app; app()", *arguments]

    def _environment(self, database_url: str) -> Mapping[str, str]:
        return {
            # Compiled modules are kept, so that the next start is quick.
            "PYTHONDONTWRITEBYTECODE": "",
            # Before what is installed, which is this folder's version.
            "PYTHONPATH": str(self.source),
            "SCONTO_DATABASE_URL": database_url,
            "SCONTO_SECRET_KEY": SECRET_KEY,
            "SCONTO_LOG_FORMAT": "json",
            "SCONTO_RATE_LIMIT_USER": "none",
        }


def this_version() -> Version:
    """The version of this folder, with what is not committed yet."""
    return Version("this folder", _ROOT / "src", Path(sys.executable))


@contextmanager
def checked_out(revision: str) -> Iterator[Version]:
    """A revision in a temporary folder, with an environment of its own if it needs one.

    Raises NoVersion.
    """
    archive = _git("archive", "--format=tar", revision, "src", "pyproject.toml", "requirements")
    with TemporaryDirectory(prefix="sconto-version-") as folder:
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        tree = Path(folder)
        yield Version(revision, tree / "src", _find_python(tree / _REQUIREMENTS))


def _find_python(requirements: Path) -> Path:
    """This Python if it has the same requirements; else one that is installed once and kept."""
    wanted = requirements.read_bytes()
    if wanted == (_ROOT / _REQUIREMENTS).read_bytes():
        return Path(sys.executable)
    environment = _ENVIRONMENTS / hashlib.sha256(wanted).hexdigest()[:16]
    python, installed = environment / "bin" / "python", environment / "installed"
    if not installed.exists():
        print("The revision has other requirements; installing them ...", flush=True)
        rmtree(environment, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(environment)])
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        _run([*pip, "--require-hashes", "-r", str(requirements)])
        installed.touch()
    return python


def _git(*arguments: str) -> bytes:
    return _run(["git", "-C", str(_ROOT), *arguments])


def _run(command: Sequence[str]) -> bytes:
    """What a command prints. Raises NoVersion if it fails."""
    try:
        ended = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise NoVersion(f"{command[0]} is not installed") from None
    if ended.returncode != 0:
        raise NoVersion(f"{Path(command[0]).name}: {_last_line(ended.stderr)}")
    return ended.stdout


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it says nothing"
