"""Sconto behind a PgBouncer that assigns sessions per transaction."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sconto.domain.people import Caller
from sconto.operations.tokens import Tokens
from sconto.store.address import split_address
from tests.api.test_examples import find_examples
from tests.conftest import SECRET_KEY
from tests.faults.cluster import Cluster
from tests.faults.conftest import Settings
from tests.faults.demo import open_demo
from tests.faults.pooler import knows_statements, running_pooler, statements_of_the_manual
from tests.faults.shoppers import Shop
from tests.portal.sessions import cookie_of
from tests.services import Service, run_command
from tests.stories.shoppers import an_order, clients

SESSIONS = 3
CLIENTS = 16


@pytest.fixture
def address(cluster: Cluster, folder: Path) -> Iterator[str]:
    """The address through a pooler, configured as the manual says for this PgBouncer."""
    for statement in statements_of_the_manual():
        cluster.execute(statement)
    with running_pooler(cluster, folder / "pooler", "sconto", SESSIONS) as url:
        yield url if knows_statements() else f"{url}?prepared_statements=false"


@pytest.fixture
def empty_cluster(cluster: Cluster) -> Cluster:
    """The server, whose database is empty and belongs to the role `sconto`."""
    cluster.empty()
    return cluster


async def test_everything_works_with_fewer_sessions_than_clients(
    empty_cluster: Cluster, address: str, folder: Path, settings_for: Settings
) -> None:
    settings = settings_for(address)
    assert "newest schema" in run(settings, "migrate").stdout
    assert run(settings, "merchant", "create", "Ada").stdout.strip().isdigit()
    with Service.running(folder / "service", settings, "--workers", "2") as service:
        assert "lack" not in service.log
        caller, token = await open_demo(address)
        async with httpx.AsyncClient(
            base_url=service.url, headers={"Authorization": f"Bearer {token}"}, timeout=30
        ) as client:
            await try_every_example(client)
            await look_at_the_portal(service.url, caller)
        await race(address, service.url)
        assert '"status":5' not in service.log
        assert "Traceback" not in service.log
    for _ in range(2):  # the second one gets the sessions that the first one used
        assert "BROKEN" not in run(settings, "check").stdout
    assert count_sessions(empty_cluster) <= SESSIONS


async def test_a_database_killed_behind_the_pooler_loses_no_acknowledged_order(
    cluster: Cluster, address: str, folder: Path, settings_for: Settings
) -> None:
    with Service.running(folder / "service", settings_for(address)) as service:
        shop = await Shop.open(address)
        async with shop.ordering(lambda: service.url) as outcomes:
            await shop.wait_until_placed(15)
            await asyncio.to_thread(cluster.kill)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(cluster.start)
            await shop.wait_until_placed(15)
        assert set(outcomes.statuses) <= {200, 201, 409, 503}
        assert outcomes.broken == 0
        assert outcomes.slowest < 10
        await shop.check_orders()
        assert "Traceback" not in service.log


def test_missing_settings_of_the_role_are_reported_at_the_start(
    cluster: Cluster, folder: Path, settings_for: Settings
) -> None:
    with (
        running_pooler(cluster, folder / "pooler", "sconto", SESSIONS) as url,
        Service.running(
            folder / "service", settings_for(f"{url}?prepared_statements=false")
        ) as service,
    ):
        assert (
            "sconto: the database's sessions lack plan_cache_mode = force_generic_plan, "
            "enable_seqscan = off, jit = off: give them to its role"
        ) in service.log


@pytest.mark.skipif(knows_statements(), reason="this PgBouncer keeps statements apart")
def test_a_pooler_that_mixes_up_statements_is_reported_with_the_remedy(
    address: str, settings_for: Settings
) -> None:
    settings = settings_for(split_address(address)[0])
    run(settings, "merchant", "list")
    refused = run(settings, "merchant", "list", status=1)
    assert refused.stderr == (
        "sconto: the database cannot be reached: a pooler stands in between that mixes up prepared "
        "statements: add prepared_statements=false to SCONTO_DATABASE_URL\n"
    )


def run(
    settings: dict[str, str], *arguments: str, status: int = 0
) -> "subprocess.CompletedProcess[str]":
    """Run a command of Sconto."""
    done = run_command(settings, *arguments)
    assert done.returncode == status, done.stderr
    return done


async def try_every_example(client: httpx.AsyncClient) -> None:
    """Send each example of /docs once."""
    document = (await client.get("/openapi.json")).json()
    for example in find_examples(document["paths"], document["components"]["schemas"]):
        if (example.method, example.path) == ("post", "/events/v1/webhooks"):
            # What has no position yet would be the first delivery. The examples name the second.
            await client.get("/events/v1/events")
        answer = await client.request(
            example.method, example.path, headers=example.headers, content=example.content
        )
        assert answer.is_success, (example, answer.text)


async def look_at_the_portal(url: str, caller: Caller) -> None:
    """Open pages that read much."""
    cookie = {"Cookie": cookie_of(caller, Tokens(SECRET_KEY))}
    async with httpx.AsyncClient(base_url=f"{url}/portal", headers=cookie, timeout=30) as client:
        for page in ("promotions", "promotions/1", "promotions/1/statistics", "orders", "people"):
            answer = await client.get(f"/{page}")
            assert answer.status_code == 200, (page, answer.text)


async def race(address: str, url: str) -> None:
    """Assert that of many orders for one code one gets it, and that it counts once."""
    shop = await Shop.open(address)
    async with clients(url, shop.headers, CLIENTS) as shoppers:
        answers = await asyncio.gather(
            *(
                shopper.post("/orders", json=an_order(f"A-{number // 2}", "c0"))
                for number, shopper in enumerate(shoppers)
            )
        )
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {201: 1, 200: 1, 409: CLIENTS - 2}
    placed = next(answer.json() for answer in answers if answer.status_code == 201)
    shop.outcomes.placed[int(placed["order_id"].removeprefix("A-"))] = placed
    await shop.check_orders()


def count_sessions(cluster: Cluster) -> int:
    """The sessions of Sconto's role that PgBouncer keeps open."""
    ((number,),) = cluster.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'sconto'")
    assert isinstance(number, int)
    return number
