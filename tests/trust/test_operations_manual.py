"""The commands of docs/operations.md work."""

import os
import re
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import psycopg
import pytest

from sconto.domain.people import Caller, Role
from sconto.domain.problems import TokenInvalid
from sconto.operations.people import create_merchant, create_user, sign_in
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from sconto.store.embedded.programs import find_programs
from tests.conftest import SECRET_KEY
from tests.faults.cluster import Cluster, open_folder
from tests.operations.test_people import PASSWORD
from tests.services import environment_of, run_command, wait_until
from tests.trust.test_check import open_shop

T = TypeVar("T")

OURS = re.compile(r'^SCONTO_DATABASE_URL="\$(\w+)" sconto (\w+)$\n?', re.MULTILINE)

MANUAL = Path(__file__).parents[2] / "docs" / "operations.md"


def commands_under(heading: str) -> list[str]:
    """The command blocks of one chapter."""
    chapter = MANUAL.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)


def run(commands: str, folder: Path, variables: dict[str, str]) -> str:
    """The output of commands, all of which must succeed.

    A shell runs them, but for those of Sconto, which come last: they are forks.
    """
    ours = OURS.findall(commands)
    said = run_in_shell(OURS.sub("", commands), folder, variables)
    for variable, command in ours:
        done = run_command({"SCONTO_DATABASE_URL": variables[variable]}, command)
        assert done.returncode == 0, done.stdout + done.stderr
        said += done.stdout
    return said


def run_in_shell(commands: str, folder: Path, variables: dict[str, str]) -> str:
    settings = {"PATH": f"{find_programs()}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-eu", "-c", commands],
        cwd=folder,
        env=environment_of(settings | variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def place_orders(url: str) -> None:
    """Place orders of a merchant, one of which replaces another."""
    database = await Database.open(url)
    try:
        await open_shop(database)
    finally:
        await database.close()


async def ask(url: str, verb: Callable[[Database], Awaitable[T]]) -> T:
    """The result of an operation on a database."""
    database = await Database.open(url)
    try:
        return await verb(database)
    finally:
        await database.close()


async def create_admin(database: Database) -> tuple[int, str]:
    """The id of a new merchant, and a token of its admin."""
    name = f"shop {uuid4()}"
    merchant_id = await create_merchant(database, name)
    await create_user(database, name, "ada", PASSWORD, Role.ADMIN)
    now = datetime.now(UTC)
    token = await sign_in(database, Tokens(SECRET_KEY), f"{name}/ada", PASSWORD, "192.0.2.1", now)
    return merchant_id, token


async def find_caller(url: str, token: str) -> Caller | None:
    """The caller of a token for a service that starts on the database; None if it is invalid."""
    tokens = Tokens(SECRET_KEY, epoch=None)
    await ask(url, tokens.refresh)
    try:
        return tokens.caller(token, datetime.now(UTC))
    except TokenInvalid:
        return None


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


async def test_a_backup_restores_to_a_database_that_passes_the_check(
    folder: Path, prepared_cluster: Path
) -> None:
    with Cluster.running(folder / "server", prepared_cluster) as cluster:
        await place_orders(cluster.url)
        restored = cluster.address("sconto_restored")
        variables = {"SCONTO_DATABASE_URL": cluster.url, "RESTORED_URL": restored}
        (back_up,) = commands_under("Back up")
        run(back_up, folder, variables)
        lost_id, old_token = await ask(cluster.url, create_admin)
        assert await find_caller(cluster.url, old_token) is not None
        cluster.execute("DELETE FROM orders")
        (restore,) = commands_under("Restore")
        assert "held " in (checked := run(restore, folder, variables))
        assert "BROKEN" not in checked
        assert count_orders(restored) == 3
        # A new merchant has the lost merchant's id. The old token must not work for it.
        new_id, new_token = await ask(restored, create_admin)
        assert new_id == lost_id
        assert await find_caller(restored, old_token) is None
        known = await find_caller(restored, new_token)
        assert known is not None
        assert known.merchant_id == new_id


async def test_the_archive_restores_the_moment_before_a_mishap(
    folder: Path, prepared_cluster: Path
) -> None:
    backup = folder / "backup"
    for place in (backup, backup / "wal"):
        place.mkdir()
        place.chmod(0o777)
    archive = f"test ! -f {backup}/wal/%f && cp %p {backup}/wal/%f"
    settings = {"archive_mode": "on", "archive_command": archive}
    server = Cluster.running(folder / "server", prepared_cluster, settings=settings)
    copy_files, go_back, compare = commands_under("Point in time")
    files = folder / "restored-files"
    with server as cluster:
        variables = {"SCONTO_DATABASE_URL": cluster.url, "BACKUP": str(backup)}
        run(copy_files, folder, variables)
        await place_orders(cluster.url)
        _, old_token = await ask(cluster.url, create_admin)
        moment = datetime.now(UTC).isoformat()
        cluster.execute("DELETE FROM orders")
        cluster.execute("SELECT pg_switch_wal()")
        cluster.stop()
    run(go_back, folder, {**variables, "RESTORED_FILES": str(files), "MOMENT": moment})
    restored = Cluster(folder / "restored", files)
    restored._adopt_files()
    try:
        restored.start()
        wait_until(lambda: restored.execute("SELECT pg_is_in_recovery()") == [(False,)])
        url = {"RESTORED_URL": restored.url}
        assert "held " in (checked := run(compare, folder, url))
        assert "BROKEN" not in checked
        assert count_orders(restored.url) == 3
        assert await find_caller(restored.url, old_token) is None
    finally:
        restored.kill()


def count_orders(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM orders").fetchone()
    assert row is not None
    count: int = row[0]
    return count
