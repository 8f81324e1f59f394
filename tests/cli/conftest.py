"""The `sconto` command as a process of its own, on the database of the tests."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import SECRET_KEY

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
async def merchant_name(database: Database, merchant: Caller) -> str:
    async with database.read() as connection:
        name: str = await connection.fetchval(
            "SELECT name FROM merchants WHERE merchant_id = $1", merchant.merchant_id
        )
    return name


@pytest.fixture
def sconto_process(database_url: str, tmp_path: Path) -> Command:
    """Run `sconto` in a folder of its own."""
    environment = os.environ | {
        "SCONTO_DATABASE_URL": database_url,
        "SCONTO_SECRET_KEY": SECRET_KEY.decode(),
    }

    def run(*arguments: str, stderr: int = subprocess.PIPE) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(Path(sys.executable).with_name("sconto")), *arguments],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
async def promotion_id(database: Database, merchant: Caller) -> int:
    return await create_promotion(database, merchant, a_promotion(codes=("A", "B")), NOON)


@pytest.fixture
def command(sconto_process: Command, merchant_name: str, promotion_id: int) -> Command:
    """Run `sconto code` for the promotion."""
    whose = {"--merchant": merchant_name, "--promotion": str(promotion_id)}

    def run(
        *arguments: str, stderr: int = subprocess.PIPE, **instead: str
    ) -> "subprocess.CompletedProcess[str]":
        named = whose | {f"--{name}": value for name, value in instead.items()}
        options = [part for option in named.items() for part in option]
        return sconto_process("code", *arguments, *options, stderr=stderr)

    return run


def on_terminal(
    command: Command, *arguments: str
) -> tuple["subprocess.CompletedProcess[str]", str]:
    """Run the command with a terminal as its standard error; also what the terminal saw."""
    terminal, its_end = pty.openpty()
    try:
        done = command(*arguments, stderr=its_end)
        return done, os.read(terminal, 100_000).decode()
    finally:
        os.close(terminal)
        os.close(its_end)
