"""The disk is full while shoppers order."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.faults.cluster import Cluster
from tests.faults.conftest import Settings
from tests.faults.shoppers import Shop
from tests.services import Service, wait_until

DISK: Final = 160
"""Megabytes. A new server with its WAL takes about 100."""


@pytest.fixture
def disk(folder: Path) -> Iterator[Path]:
    """A small disk for this test."""
    place = folder / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}m,mode=755", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("a disk of its own needs mount")
    if mounted.returncode != 0:
        pytest.skip(f"a disk of its own needs the right to mount: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


async def test_orders_are_refused_while_the_disk_is_full_and_placed_once_there_is_room(
    disk: Path, folder: Path, prepared_cluster: Path, settings_for: Settings
) -> None:
    with Cluster.running(folder / "primary", prepared_cluster, disk / "files") as cluster:
        shop = await Shop.open(cluster.url)
        with Service.running(folder / "service", settings_for(cluster.url)) as service:
            async with shop.ordering(lambda: service.url) as outcomes:
                await shop.wait_until_placed(15)
                ballast = disk / "ballast"
                await asyncio.to_thread(fill, ballast)
                await asyncio.to_thread(wait_until, lambda: outcomes.statuses[503] > 20)
                ballast.unlink()
                await asyncio.to_thread(wait_until, cluster.answers)
                await shop.wait_until_placed(15)
            assert "No space left on device" in cluster.log
            assert set(outcomes.statuses) <= {200, 201, 409, 503}
            assert outcomes.broken == 0
            await shop.check_orders()
            await shop.find_again(service.url)
            assert "Traceback" not in service.log


def fill(ballast: Path) -> None:
    """Fill the disk."""
    with ballast.open("wb", buffering=0) as file:
        size = 1 << 20
        while size >= 4096:
            try:
                file.write(os.urandom(size))
            except OSError:
                size //= 2
