"""The `sconto` command on the tests' database: in this process, or as a process on a terminal."""

import asyncio
import os
import pty
import select
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sconto.cli import app
from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests import forks
from tests.builders import NOON, a_promotion
from tests.conftest import SECRET_KEY


@dataclass(frozen=True, slots=True)
class Ended:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


Sconto = Callable[..., Awaitable[Ended]]


@pytest.fixture
def sconto(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sconto:
    """Run `sconto` in the folder `tmp_path`, without a terminal."""
    monkeypatch.setenv("SCONTO_DATABASE_URL", database_url)
    monkeypatch.setenv("SCONTO_SECRET_KEY", SECRET_KEY.decode())
    monkeypatch.chdir(tmp_path)

    async def run(*arguments: str, stdin: str | bytes | None = None) -> Ended:
        # In a thread, because a command has its own event loop.
        result = await asyncio.to_thread(CliRunner().invoke, app, arguments, input=stdin)
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
async def merchant_name(database: Database, merchant: Caller) -> str:
    async with database.read() as connection:
        name: str = await connection.fetchval(
            "SELECT name FROM merchants WHERE merchant_id = $1", merchant.merchant_id
        )
    return name


@pytest.fixture
async def promotion_id(database: Database, merchant: Caller) -> int:
    """A promotion with the codes A and B."""
    return await create_promotion(database, merchant, a_promotion(codes=("A", "B")), NOON)


@pytest.fixture
def of_promotion(merchant_name: str, promotion_id: int) -> Sequence[str]:
    """The options that name the promotion."""
    return ("--merchant", merchant_name, "--promotion", str(promotion_id))


async def on_terminal(*arguments: str, answers: Sequence[str] = ()) -> str:
    """What a terminal shows while `sconto` runs on it and its questions are answered."""
    return await asyncio.to_thread(_on_terminal, arguments, answers)


def _on_terminal(arguments: Sequence[str], answers: Sequence[str]) -> str:
    keyboard, terminal = pty.openpty()
    with open(terminal, "r+b", buffering=0) as screen:
        running = forks.start(arguments, os.environ, stdin=screen, stdout=screen, stderr=screen)
    try:
        shown = ""
        for answer in answers:
            # The space is printed after the terminal has stopped showing what is typed.
            shown += _read_until(keyboard, ": ")
            os.write(keyboard, f"{answer}\n".encode())
        shown += _read_until(keyboard, None)
        assert running.wait(timeout=30) == 0, shown
    finally:
        running.kill()
        running.wait()
        os.close(keyboard)
    return shown


def _read_until(terminal: int, end: str | None) -> str:
    """What the terminal shows up to `end`, or until it is closed. Fails after 30 s."""
    shown = b""
    # Reading fails once the command has closed the terminal.
    with suppress(OSError):
        while end is None or not shown.endswith(end.encode()):
            readable, _, _ = select.select([terminal], [], [], 30)
            assert readable, f"nothing more after {shown!r}"
            shown += os.read(terminal, 1024)
    return shown.decode()
