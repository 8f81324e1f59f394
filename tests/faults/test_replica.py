"""A service on a streaming replica answers reads and refuses writes."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.domain.code_pattern import CodePattern
from sconto.domain.promise import CheckedPromise
from sconto.operations.check import check
from sconto.operations.code_generation import (
    generate_all,
    get_generation,
    keep_generating,
    start_generation,
)
from sconto.operations.promotions import create_promotion
from sconto.operations.tokens import Tokens
from sconto.store.database import Database, DatabaseReadOnly, DatabaseUnavailable
from tests.api.test_examples import Example, find_examples
from tests.builders import NOON, a_promotion
from tests.conftest import SECRET_KEY, create_caller
from tests.faults.cluster import Cluster
from tests.faults.conftest import Settings
from tests.faults.demo import open_demo
from tests.portal.sessions import cookie_of
from tests.services import Service, wait_until
from tests.stories.shoppers import an_order

_READS: Final = (
    "/statistics",
    "/quotes",
    "/prices",
    "/orders",
    "/holds",
    "/returns",
    "/returns/_quote",
    "/_validate",
    "/_schedule",
    "/_try",
)
"""Ends of addresses whose POST only reads; a repeated order, hold or return does too."""

_ABOUT_ITSELF: Final = ("/health/live", "/health/ready", "/metrics")

_PAGES: Final = ("promotions", "promotions/1", "promotions/1/statistics", "orders", "subscriptions")

_COUNT_SLEEPING: Final = "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


def without_times(text: str) -> str:
    """A body without the time of the request, which an explanation contains."""
    return re.sub(r'"at":"[^"]*"', "", text)


@pytest.fixture
def replica(cluster: Cluster, folder: Path) -> Iterator[Cluster]:
    """A replica of the cluster that never delays replication for readers."""
    replica = Cluster(folder / "replica")
    replica.copy(cluster, "-R")
    try:
        replica.start(max_standby_streaming_delay="0")
        yield replica
    finally:
        replica.kill()


async def test_a_service_on_a_replica_answers_reads_like_the_primary_and_refuses_writes(
    cluster: Cluster, replica: Cluster, folder: Path, settings_for: Settings
) -> None:
    caller, token = await open_demo(cluster.url)
    with (
        Service.running(folder / "primary's", settings_for(cluster.url)) as primary,
        Service.running(
            folder / "replica's", settings_for(replica.url), "--no-migrate"
        ) as secondary,
    ):
        started = time.monotonic()
        cookie = cookie_of(caller, Tokens(SECRET_KEY))
        headers = {"Authorization": f"Bearer {token}", "Cookie": cookie}
        async with (
            httpx.AsyncClient(base_url=primary.url, headers=headers, timeout=30) as writer,
            httpx.AsyncClient(base_url=secondary.url, headers=headers, timeout=30) as reader,
        ):
            document = (await writer.get("/openapi.json")).json()
            schemas = document["components"]["schemas"]
            examples = list(find_examples(document["paths"], schemas))
            for example in examples:
                if example.method in ("put", "post"):
                    assert (await send(writer, example)).is_success, example
            await wait_for(cluster, replica)
            for example in examples:
                if example.path.startswith("/people/v1/audit"):
                    # The primary has recorded the exports of the examples before.
                    await wait_for(cluster, replica)
                answer = await send(reader, example)
                if example.path in _ABOUT_ITSELF:
                    assert answer.status_code == 200
                elif is_read(example):
                    assert answer.is_success, (example, answer.text)
                    expected = (await send(writer, example)).text
                    assert without_times(answer.text) == without_times(expected)
                else:
                    assert answer.status_code == 503, (example, answer.text)
                    assert answer.headers["Retry-After"] == "2"
            assert (
                await reader.post("/checkout/v1/orders", json=an_order("A-2"))
            ).status_code == 503
            assert await find_violations(replica.url) == []
            for page in _PAGES:
                assert (await reader.get(f"/portal/{page}")).status_code == 200
        # Background loops look for work every two seconds.
        await asyncio.sleep(max(0, started + 3 - time.monotonic()))
        assert '"level":"warning"' not in secondary.log
        assert "Traceback" not in secondary.log


async def test_a_read_cancelled_by_replication_finds_the_database_unavailable(
    cluster: Cluster, replica: Cluster
) -> None:
    database = await Database.open(replica.url)

    async def read_slowly() -> None:
        async with database.read() as connection:
            await connection.fetch("SELECT pg_sleep(30) FROM (SELECT count(*) FROM merchants) AS m")

    reading = asyncio.create_task(read_slowly())
    await asyncio.to_thread(wait_until, lambda: replica.execute(_COUNT_SLEEPING) == [(1,)])
    await asyncio.to_thread(cluster.execute, "ALTER TABLE merchants ADD COLUMN more text")
    with pytest.raises(DatabaseUnavailable, match="conflict with recovery"):
        await reading
    await database.close()


async def test_background_work_does_nothing_on_a_read_only_database(
    create_database: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    # On its own database: the services of other tests would generate the codes.
    url = create_database()
    database = await Database.open(url)
    merchant = await create_caller(database)
    new = a_promotion(codes=("FIRST",))
    promotion_id = await create_promotion(database, merchant, new, NOON)
    waiting = await start_generation(database, merchant, promotion_id, CodePattern(), 10, NOON)
    separator = "&" if "?" in url else "?"
    reader = await Database.open(f"{url}{separator}default_transaction_read_only=on")
    with pytest.raises(DatabaseReadOnly):
        await generate_all(reader, read_clock)
    with suppress(TimeoutError):
        await asyncio.wait_for(keep_generating(reader, read_clock), 2.5)
    await reader.close()
    assert caplog.records == []
    assert await get_generation(database, merchant, waiting.id) == waiting
    await database.close()


def is_read(example: Example) -> bool:
    """Whether a request changes nothing."""
    return example.method == "get" or example.path.endswith(_READS)


async def send(client: httpx.AsyncClient, example: Example) -> httpx.Response:
    """The answer to a request."""
    return await client.request(
        example.method, example.path, headers=example.headers, content=example.content
    )


async def find_violations(address: str) -> list[CheckedPromise]:
    """The violations that `sconto check` finds."""
    database = await Database.open(address)
    try:
        return [checked async for checked in check(database) if checked.violations]
    finally:
        await database.close()


async def wait_for(cluster: Cluster, replica: Cluster) -> None:
    """Wait until the replica has everything that the primary has written."""
    ((written,),) = cluster.execute("SELECT pg_current_wal_lsn()")
    caught_up = f"SELECT pg_last_wal_replay_lsn() >= '{written}'"
    await asyncio.to_thread(wait_until, lambda: replica.execute(caught_up) == [(True,)])
