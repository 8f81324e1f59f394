"""The servers that are measured: Sconto as in production, and the bare application."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from bench.load import Unanswered, ask, write_request
from bench.machine import parent_of, pinned

SECRET_KEY: Final = "a key that signs nothing but the benchmark's tokens"

_READY_TIMEOUT: Final = 60.0
_READY: Final = write_request("GET", "/health/ready", "")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready; `ready_after` is the seconds that its start took."""

    pid: int
    port: int
    ready_after: float


@asynccontextmanager
async def serve_sconto(
    database_url: str, cores: frozenset[int], workers: int = 1
) -> AsyncIterator[Server]:
    """`sconto serve` on a migrated database, as in production but without a rate limit."""
    port = free_port()
    command = [_program("sconto"), "serve", "--no-migrate", "--port", str(port)]
    environment = {
        "SCONTO_DATABASE_URL": database_url,
        "SCONTO_SECRET_KEY": SECRET_KEY,
        "SCONTO_LOG_FORMAT": "json",
        "SCONTO_RATE_LIMIT_USER": "none",
    }
    async with serve([*command, "--workers", str(workers)], port, environment, cores) as server:
        yield server


@asynccontextmanager
async def serve_bare(
    database_url: str, cores: frozenset[int], answer: bytes, merchant_id: int, workers: int = 1
) -> AsyncIterator[Server]:
    """The bare application, which answers the same bytes to every request."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.bare:app", "--port", str(port)]
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    command += ["--workers", str(workers)]
    with tempfile.NamedTemporaryFile() as file:
        file.write(answer)
        file.flush()
        environment = {
            "BENCH_DATABASE_URL": database_url,
            "BENCH_ANSWER": file.name,
            "BENCH_MERCHANT": str(merchant_id),
        }
        async with serve(command, port, environment, cores) as server:
            yield server


@asynccontextmanager
async def serve(
    command: Sequence[str], port: int, environment: Mapping[str, str], cores: frozenset[int]
) -> AsyncIterator[Server]:
    """A command that serves on the port; it must answer `/health/ready`."""
    # An installed program is compiled already.
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    with pinned(cores):
        process = subprocess.Popen(  # noqa: ASYNC220  # only its start blocks
            command,
            env={**inherited, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    try:
        await _wait_until_ready(process, port)
        yield Server(process.pid, port, time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait()


async def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + _READY_TIMEOUT
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Unanswered(f"{process.args!r} ended with {process.returncode}")
        try:
            status, _ = await ask(port, _READY)
        except OSError:
            status = 0
        if status == 200:
            return
        await asyncio.sleep(0.01)
    raise Unanswered(f"{process.args!r} is not ready after {_READY_TIMEOUT:.0f} s")


async def find_postmaster(database_url: str) -> int:
    """The process that all of PostgreSQL's other processes descend from."""
    connection = await asyncpg.connect(database_url)
    try:
        return parent_of(await connection.fetchval("SELECT pg_backend_pid()"))
    finally:
        await connection.close()


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def free_port() -> int:
    """A port that is free."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
