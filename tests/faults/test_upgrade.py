"""Two versions of Sconto on one database while the newer one migrates it."""

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import ClassVar, Final

import pytest

import sconto
from sconto.store.schema import SERVES_SINCE, known_versions
from tests.faults.conftest import Settings
from tests.faults.shoppers import Shop
from tests.services import SCONTO, Service, environment_of, run_command, wait_until

MIGRATION: Final = f'''
"""Changes that the next version may make while this one serves."""

from alembic import op

revision = "9999"
down_revision = "{known_versions()[-1]}"


def upgrade() -> None:
    op.execute("ALTER TABLE orders ADD COLUMN channel text")
    op.execute("ALTER TABLE codes ADD COLUMN batch bigint NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE promotions ADD COLUMN label text")
    op.execute("ALTER TABLE redemptions ADD COLUMN channel text")
    op.execute("CREATE TABLE channels (merchant_id bigint, name text, PRIMARY KEY (merchant_id))")
'''


@pytest.fixture
def next_version(folder: Path) -> dict[str, str]:
    """The environment in which Python finds a Sconto with one more migration."""
    copy = folder / "next" / "sconto"
    # Compiled modules stay valid: they contain the time of their source, and the copy keeps it.
    # Python writes one under a name that continues after `.pyc.`, and then renames it.
    being_written = shutil.ignore_patterns("*.pyc.*")
    shutil.copytree(Path(sconto.__file__).parent, copy, ignore=being_written)
    (copy / "store" / "migrations" / "versions" / "9999_channels.py").write_text(MIGRATION)
    return {"PYTHONPATH": str(copy.parent)}


class NextVersion(Service):
    """A service that imports Sconto itself."""

    command: ClassVar[Sequence[str]] = (SCONTO,)


async def test_both_versions_serve_while_the_newer_one_migrates(
    create_database: Callable[[], str],
    folder: Path,
    settings_for: Settings,
    next_version: dict[str, str],
) -> None:
    url = create_database()
    settings = settings_for(url)
    shop = await Shop.open(url, with_limits=True)
    running = [await asyncio.to_thread(Service, folder / "old", settings)]
    turns = cycle((0, -1))
    try:
        await asyncio.to_thread(running[0].wait_until_live)
        # Services take long to start, and each of them is asked for every order afterwards.
        async with shop.ordering(lambda: running[next(turns)].url, pause=0.6) as outcomes:
            await shop.wait_until_placed(6)
            await asyncio.to_thread(migrate, settings | next_version)
            await shop.wait_until_placed(6)
            newer = (NextVersion, "new", settings | next_version)
            for kind, place, version in (newer, (Service, "old again", settings)):
                started = await asyncio.to_thread(kind, folder / place, version)
                await asyncio.to_thread(started.wait_until_live)
                running.append(started)
                await shop.wait_until_placed(6)
            ready = [service.get("/health/ready").status_code for service in running]
        assert ready == [200, 200, 200]
        assert set(outcomes.statuses) <= {200, 201, 409}
        assert outcomes.broken == 0
        await shop.check_orders()
        for service in running:
            await shop.find_again(service.url)
            assert "Traceback" not in service.log
    finally:
        for service in running:
            service.kill_all()


def test_an_incompatible_newer_schema_makes_this_version_unready_and_prevents_its_start(
    create_database: Callable[[], str],
    folder: Path,
    settings_for: Settings,
    next_version: dict[str, str],
) -> None:
    schema = Path(next_version["PYTHONPATH"]) / "sconto" / "store" / "schema.py"
    text = schema.read_text().replace(f'= "{SERVES_SINCE}"', '= "9999"')
    schema.write_text(text)
    settings = settings_for(create_database())
    with Service.running(folder / "old", settings) as old:
        assert old.get("/health/ready").status_code == 200
        migrate(settings | next_version)
        wait_until(lambda: old.get("/health/ready").status_code == 503)
        assert "newer" in old.get("/health/ready").json()["detail"]
        assert old.get("/health/live").status_code == 200
    for option in ([], ["--no-migrate"]):
        refused = run_command(settings, "serve", "--port", "0", *option)
        assert refused.returncode == 1
        assert refused.stderr.count("\n") == 1
        assert "schema 9999, which is newer" in refused.stderr


def migrate(settings: dict[str, str]) -> None:
    """Migrate with a version that imports Sconto itself."""
    subprocess.run(
        [SCONTO, "migrate"],
        env=environment_of(settings),
        check=True,
        capture_output=True,
        timeout=60,
    )
