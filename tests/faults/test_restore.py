"""Backup and restore, with the commands of docs/operations.md."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster, run_program
from tests.faults.conftest import Settings
from tests.faults.shoppers import Shop
from tests.services import Service, run_command


@pytest.fixture
def archive(folder: Path) -> Path:
    """The folder for archived WAL."""
    place = folder / "archive"
    place.mkdir()
    place.chmod(0o777)
    return place


# The short version is in tests/trust/test_operations_manual.py.
@pytest.mark.soak
async def test_a_dump_taken_under_load_restores_to_a_consistent_database(
    cluster: Cluster, service: Service, folder: Path, settings_for: Settings
) -> None:
    shop = await Shop.open(cluster.url)
    dump = folder / "sconto.dump"
    async with shop.ordering(lambda: service.url):
        await shop.wait_until_placed(40)
        taken = ("pg_dump", "--format=custom", f"--file={dump}", cluster.url)
        await asyncio.to_thread(run_program, *taken)
        await shop.wait_until_placed(10)
    await asyncio.to_thread(run_program, "createdb", "-h", "127.0.0.1", *as_user(cluster), "again")
    again = cluster.address("again")
    restore = ("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={again}", str(dump))
    await asyncio.to_thread(run_program, *restore)
    assert "BROKEN" not in await asyncio.to_thread(check, settings_for(again))
    restored = Service.running(folder / "again", settings_for(again))
    with restored as second:
        # Orders in the dump are returned as they were; the others can be placed again.
        found = await shop.count_kept_orders(second.url)
    assert 40 <= found < len(shop.outcomes.placed)


@pytest.mark.soak
async def test_a_base_backup_and_archived_wal_restore_any_moment(
    folder: Path, archive: Path, prepared_cluster: Path, settings_for: Settings
) -> None:
    settings = {
        "archive_mode": "on",
        "archive_command": f"test ! -f {archive}/%f && cp %p {archive}/%f",
    }
    restored = Cluster(folder / "restored")
    with Cluster.running(folder / "primary", prepared_cluster, settings=settings) as primary:
        shop = await Shop.open(primary.url)
        with Service.running(folder / "service", settings_for(primary.url)) as service:
            async with shop.ordering(lambda: service.url):
                await shop.wait_until_placed(20)
                await asyncio.to_thread(restored.copy, primary, "-X", "none")
                await shop.wait_until_placed(20)
            kept = len(shop.outcomes.placed)
            [[moment]] = await asyncio.to_thread(primary.execute, "SELECT now()::text")
            async with shop.ordering(lambda: service.url):
                await shop.wait_until_placed(20)
            await asyncio.to_thread(primary.execute, "DELETE FROM orders")
        await asyncio.to_thread(primary.stop)
    (restored.files / "recovery.signal").touch()
    try:
        await asyncio.to_thread(
            restored.start,
            restore_command=f"cp {archive}/%f %p",
            recovery_target_time=str(moment),
            recovery_target_action="promote",
        )
        assert "BROKEN" not in await asyncio.to_thread(check, settings_for(restored.url))
        with Service.running(folder / "again", settings_for(restored.url)) as second:
            assert await shop.count_kept_orders(second.url) == kept
    finally:
        restored.kill()


def as_user(cluster: Cluster) -> tuple[str, ...]:
    return ("-p", str(cluster.port), "-U", "postgres")


def check(settings: dict[str, str]) -> str:
    """The output of `sconto check`, which must find nothing."""
    done = run_command(settings, "check")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
