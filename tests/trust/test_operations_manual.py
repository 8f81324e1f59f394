"""The commands of docs/operations.md, run as they stand there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from sconto.store.database import Database
from sconto.store.embedded.programs import find_programs
from sconto.store.migrate import migrate
from tests.conftest import SECRET_KEY
from tests.faults.cluster import Cluster, open_folder
from tests.services import environment_of
from tests.trust.test_check import open_shop

MANUAL = Path(__file__).parents[2] / "docs" / "operations.md"


def commands_under(heading: str) -> list[str]:
    """The blocks of commands of one chapter."""
    chapter = MANUAL.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)


def run(commands: str, folder: Path, variables: dict[str, str]) -> str:
    """What the commands print; each must succeed."""
    programs = [str(find_programs()), str(Path(sys.executable).parent), os.environ["PATH"]]
    settings = {"SCONTO_SECRET_KEY": SECRET_KEY.decode(), "PATH": ":".join(programs)}
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
    """Orders of a merchant, one of which replaces another."""
    database = await Database.open(url)
    try:
        await open_shop(database)
    finally:
        await database.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


async def test_what_is_backed_up_is_restored_and_passes_the_check(folder: Path) -> None:
    with Cluster.running(folder / "server") as cluster:
        migrate(cluster.url)
        await place_orders(cluster.url)
        restored = cluster.address("sconto_restored")
        variables = {"SCONTO_DATABASE_URL": cluster.url, "RESTORED_URL": restored}
        (back_up,) = commands_under("Back up")
        run(back_up, folder, variables)
        cluster.execute("DELETE FROM orders")
        (restore,) = commands_under("Restore")
        assert "BROKEN" not in run(restore, folder, variables)
        assert count_orders(restored) == 3


async def test_what_happened_before_a_mishap_comes_back_from_the_archive(folder: Path) -> None:
    backup = folder / "backup"
    for place in (backup, backup / "wal"):
        place.mkdir()
        place.chmod(0o777)
    archive = f"test ! -f {backup}/wal/%f && cp %p {backup}/wal/%f"
    settings = {"archive_mode": "on", "archive_command": archive}
    server = Cluster.running(folder / "server", settings=settings)
    copy_files, go_back, compare = commands_under("Point in time")
    files = folder / "restored-files"
    with server as cluster:
        migrate(cluster.url)
        variables = {"SCONTO_DATABASE_URL": cluster.url, "BACKUP": str(backup)}
        run(copy_files, folder, variables)
        await place_orders(cluster.url)
        moment = datetime.now(UTC).isoformat()
        cluster.execute("DELETE FROM orders")
        cluster.execute("SELECT pg_switch_wal()")
        cluster.stop()
    run(go_back, folder, {**variables, "RESTORED_FILES": str(files), "MOMENT": moment})
    restored = Cluster(folder / "restored", files)
    restored._adopt_files()
    try:
        restored.start()
        url = {"RESTORED_URL": restored.url}
        assert "BROKEN" not in run(compare, folder, url)
        assert count_orders(restored.url) == 3
    finally:
        restored.kill()


def count_orders(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM orders").fetchone()
    assert row is not None
    count: int = row[0]
    return count
