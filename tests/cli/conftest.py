"""The `sconto` command as a process of its own, on the database of the tests."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sconto.domain.people import Caller
from sconto.store.database import Database
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
