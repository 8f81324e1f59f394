"""Clients race for a limited subscription code on two services; some are killed and retry."""

import asyncio
import json
import os
import signal
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from tests.api.subscription.platform import ROOT, a_body, a_contract
from tests.services import Service

KEY = "x" * 32
CLIENTS = 64
LIMIT = 10
APPLY = {"promotionCode": "TRY3", "subscriptionContract": a_contract()}


@pytest.fixture(scope="module")
def settings(create_database: Callable[[], str]) -> dict[str, str]:
    """Settings of a service on a database of this file."""
    return {"SCONTO_DATABASE_URL": create_database(), "SCONTO_SECRET_KEY": KEY}


@pytest.fixture(scope="module")
def services(
    settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, Service]]:
    """Two services on that database."""
    folder = tmp_path_factory.mktemp("services")
    with (
        Service.running(folder / "one", settings) as one,
        Service.running(folder / "two", settings) as two,
    ):
        yield one, two


@pytest.fixture
def merchant_id(settings: dict[str, str]) -> int:
    """A new merchant of that database."""
    with psycopg.connect(settings["SCONTO_DATABASE_URL"]) as connection:
        created = "INSERT INTO merchants (name) VALUES (gen_random_uuid()) RETURNING merchant_id"
        row = connection.execute(created).fetchone()
    assert row is not None
    merchant_id: int = row[0]
    return merchant_id


@pytest.fixture
def headers(merchant_id: int) -> dict[str, str]:
    """A token of that merchant."""
    token = Tokens(KEY.encode()).issue(Caller(merchant_id, 1, Role.ADMIN), read_clock())
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def count_applications(settings: dict[str, str], merchant_id: int) -> Callable[[], tuple[int, int]]:
    """How many applications that merchant has stored, and how many keys with an answer."""

    def count_applications() -> tuple[int, int]:
        with psycopg.connect(settings["SCONTO_DATABASE_URL"]) as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM subscription_applications"
                " WHERE merchant_id = %(id)s), (SELECT count(*) FROM idempotency_keys"
                " WHERE merchant_id = %(id)s AND answer IS NOT NULL)",
                {"id": merchant_id},
            ).fetchone()
        assert row is not None
        return row[0], row[1]

    return count_applications


def test_the_limit_is_reached_exactly_although_clients_are_killed_and_retry(
    services: tuple[Service, Service],
    headers: dict[str, str],
    count_applications: Callable[[], tuple[int, int]],
) -> None:
    one, two = services
    created = _create(one, headers, {"maxUsage": LIMIT})
    answers = asyncio.run(_race([one.url, two.url], headers))
    for service in services:
        assert _read_usage(service, headers, created["id"]) == LIMIT
    applied = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 409]
    assert (len(applied), len(refused)) == (LIMIT, CLIENTS - LIMIT)
    assert len({answer.json()["meta"]["applicationId"] for answer in applied}) == LIMIT
    # Each answer has its own count.
    places = [answer.json()["data"]["constraint"]["usageCount"] for answer in applied]
    assert sorted(places) == list(range(1, LIMIT + 1))
    # The promotion was created without a key.
    assert count_applications() == (LIMIT, LIMIT)


def test_an_answer_outlives_the_service_that_gave_it(
    services: tuple[Service, Service],
    settings: dict[str, str],
    headers: dict[str, str],
    tmp_path: Path,
) -> None:
    keyed = headers | {"Idempotency-Key": "once"}

    def apply(service: Service) -> Any:
        url = f"{service.url}{ROOT}/promotion-codes/_apply"
        return httpx.post(url, json=APPLY, headers=keyed).json()

    with Service.running(tmp_path / "short-lived", settings) as service:
        httpx.post(f"{service.url}{ROOT}/promotions", json=a_body(), headers=headers)
        first = apply(service)
    assert apply(services[0]) == first
    assert first["data"]["constraint"]["usageCount"] == 1


@pytest.mark.parametrize("limit", [None, 80])
def test_no_use_is_lost_or_counted_twice_when_a_service_is_killed(
    services: tuple[Service, Service],
    settings: dict[str, str],
    headers: dict[str, str],
    count_applications: Callable[[], tuple[int, int]],
    tmp_path: Path,
    limit: int | None,
) -> None:
    kept, _ = services
    killed = Service(tmp_path / "killed", settings)
    try:
        killed.wait_until_live()
        created = _create(kept, headers, {} if limit is None else {"maxUsage": limit})
        answers = asyncio.run(_apply_while_one_is_killed(killed, kept, headers))
        usage = _read_usage(kept, headers, created["id"])
    finally:
        killed.kill_all()
    assert {answer.status_code for answer in answers} <= {200, 409}
    named = [answer.json()["meta"]["applicationId"] for answer in answers if answer.is_success]
    expected = len(answers) if limit is None else limit
    assert (usage, len(named), len(set(named))) == (expected, expected, expected)
    if limit is not None:
        data = [answer.json()["data"] for answer in answers if answer.is_success]
        places = [promotion["constraint"]["usageCount"] for promotion in data]
        assert sorted(places) == list(range(1, limit + 1))
    assert count_applications() == (expected, expected)


def test_a_limit_changed_under_load_is_never_exceeded(
    services: tuple[Service, Service],
    headers: dict[str, str],
    count_applications: Callable[[], tuple[int, int]],
) -> None:
    one, two = services
    created = _create(one, headers, {})
    applied, reached = asyncio.run(_move_limit([one.url, two.url], headers, created["id"]))
    usage = _read_usage(two, headers, created["id"])
    assert len(reached) == 3
    assert all(constraint["usageCount"] == constraint["maxUsage"] for constraint in reached)
    assert usage == applied > 0
    assert count_applications() == (applied, 0)


def _create(service: Service, headers: dict[str, str], constraint: dict[str, int]) -> Any:
    body = a_body(constraint=constraint)
    return httpx.post(f"{service.url}{ROOT}/promotions", json=body, headers=headers).json()["data"]


def _read_usage(service: Service, headers: dict[str, str], promotion_id: str) -> int:
    answer = httpx.get(f"{service.url}{ROOT}/promotions/{promotion_id}", headers=headers)
    usage: int = answer.json()["data"]["constraint"]["usageCount"]
    return usage


async def _apply_while_one_is_killed(
    killed: Service, kept: Service, headers: dict[str, str]
) -> list[httpx.Response]:
    """The last answers to 16 clients with eight requests each; those that lose a service retry."""
    answered = 0
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def apply(key: str) -> httpx.Response:
            nonlocal answered
            named = headers | {"Idempotency-Key": key}
            for url in (killed.url, *[kept.url] * 100):
                try:
                    path = f"{url}{ROOT}/promotion-codes/_apply"
                    answer = await client.post(path, json=APPLY, headers=named)
                except httpx.TransportError:
                    continue
                if answer.status_code != 503 and "retry-after" not in answer.headers:
                    break
                await asyncio.sleep(0.1)
            answered += 1
            if answered == 30:
                os.killpg(killed.process.pid, signal.SIGKILL)
            return answer

        async def apply_eight_times(i: int) -> list[httpx.Response]:
            return [await apply(f"client-{i}-{n}") for n in range(8)]

        found = await asyncio.gather(*(apply_eight_times(i) for i in range(16)))
        return [answer for answers in found for answer in answers]


async def _move_limit(
    urls: list[str], headers: dict[str, str], promotion_id: str
) -> tuple[int, list[dict[str, int]]]:
    """The number of applications by 16 clients, and each limit once it was reached."""
    applied = 0
    is_over = False
    reached = []
    path = f"{ROOT}/promotions/{promotion_id}"
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(limits=limits, timeout=60, headers=headers) as client:

        async def apply(i: int) -> None:
            nonlocal applied
            while not is_over:
                url = f"{urls[i % 2]}{ROOT}/promotion-codes/_apply"
                answer = await client.post(url, json=APPLY)
                assert answer.status_code in (200, 409), answer.text
                applied += answer.is_success
                await asyncio.sleep(0.1)

        async def read() -> dict[str, int]:
            constraint: dict[str, int] = (await client.get(urls[1] + path)).json()["data"][
                "constraint"
            ]
            return constraint

        async def limit_to(room: int | None) -> None:
            """Set a limit this far above the count; retry if the count has passed it."""
            status = 422
            while status == 422:
                max_usage = None if room is None else (await read())["usageCount"] + room
                patch = {"constraint": {"maxUsage": max_usage}}
                status = (await client.patch(urls[0] + path, json=patch)).status_code
            assert status == 200

        clients = [asyncio.create_task(apply(i)) for i in range(16)]
        for room in (10, 20, 40):
            await asyncio.sleep(0.05)
            await limit_to(room)
            for _ in range(500):
                constraint = await read()
                if constraint["usageCount"] >= constraint["maxUsage"]:
                    break
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.05)
            reached.append(await read())
            await limit_to(None)
        is_over = True
        await asyncio.gather(*clients)
    return applied, reached


async def _race(urls: list[str], headers: dict[str, str]) -> list[httpx.Response]:
    """The last answer to each client; every third is killed first and retries elsewhere."""
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def apply(i: int) -> httpx.Response:
            named = headers | {"Idempotency-Key": f"client-{i}"}
            if i % 3 == 0:
                await asyncio.to_thread(_send_and_reset, urls[i % 2], named, 0.002 * (i % 8))
            url = urls[(i + 1) % 2]
            for _ in range(100):
                answer = await client.post(
                    f"{url}{ROOT}/promotion-codes/_apply", json=APPLY, headers=named
                )
                if answer.status_code != 503 and "retry-after" not in answer.headers:
                    break
                await asyncio.sleep(0.1)
            return answer

        return await asyncio.gather(*(apply(i) for i in range(CLIENTS)))


def _send_and_reset(url: str, headers: dict[str, str], wait: float) -> None:
    """Send the request and reset the connection shortly after, like a killed process."""
    address = urlsplit(url)
    body = json.dumps(APPLY).encode()
    named = {**headers, "Host": "x", "Content-Type": "application/json"}
    lines = [f"{name}: {value}" for name, value in named.items()]
    head = "\r\n".join(
        [f"POST {ROOT}/promotion-codes/_apply HTTP/1.1", *lines, f"Content-Length: {len(body)}"]
    )
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + body)
        connection.settimeout(wait or 0.0001)
        with suppress(TimeoutError):
            connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
