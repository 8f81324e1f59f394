"""Sixty-four clients and two services, a limit of ten, and clients that are killed and retry."""

import asyncio
import json
import socket
import struct
from collections.abc import Callable
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


@pytest.fixture
def settings(create_database: Callable[[], str], tmp_path: Path) -> dict[str, str]:
    return {
        "SCONTO_DATABASE_URL": create_database(),
        "SCONTO_SECRET_KEY": KEY,
        "SCONTO_DATA_DIR": str(tmp_path / "unused"),
    }


@pytest.fixture
def headers(settings: dict[str, str]) -> dict[str, str]:
    """The token of a merchant of that database."""
    with psycopg.connect(settings["SCONTO_DATABASE_URL"]) as connection:
        created = "INSERT INTO merchants (name) VALUES ('races') RETURNING merchant_id"
        row = connection.execute(created).fetchone()
    assert row is not None
    token = Tokens(KEY.encode()).issue(Caller(row[0], 1, Role.ADMIN), read_clock())
    return {"Authorization": f"Bearer {token}"}


def test_the_limit_is_met_exactly_though_a_third_of_the_clients_are_killed_and_retry(
    settings: dict[str, str], headers: dict[str, str], tmp_path: Path
) -> None:
    with (
        Service.running(tmp_path / "one", settings) as one,
        Service.running(tmp_path / "two", settings) as two,
    ):
        created = httpx.post(
            f"{one.url}{ROOT}/promotions",
            json=a_body(constraint={"maxUsage": LIMIT}),
            headers=headers,
        ).json()["data"]
        answers = asyncio.run(_race([one.url, two.url], headers))
        for url in (one.url, two.url):
            path = f"{url}{ROOT}/promotions/{created['id']}"
            promotion = httpx.get(path, headers=headers).json()["data"]
            assert promotion["constraint"]["usageCount"] == LIMIT
    applied = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 409]
    assert (len(applied), len(refused)) == (LIMIT, CLIENTS - LIMIT)
    assert len({answer.json()["meta"]["applicationId"] for answer in applied}) == LIMIT
    with psycopg.connect(settings["SCONTO_DATABASE_URL"]) as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM subscription_applications),"
            " (SELECT count(*) FROM idempotency_keys WHERE answer IS NOT NULL)"
        ).fetchone()
    # The key of the promotion's creation is none: it was sent without one.
    assert counts == (LIMIT, LIMIT)


def test_an_answer_outlives_the_service_that_gave_it(
    settings: dict[str, str], headers: dict[str, str], tmp_path: Path
) -> None:
    keyed = headers | {"Idempotency-Key": "once"}

    def apply(service: Service) -> Any:
        url = f"{service.url}{ROOT}/promotion-codes/_apply"
        return httpx.post(url, json=APPLY, headers=keyed).json()

    with Service.running(tmp_path / "one", settings) as service:
        httpx.post(f"{service.url}{ROOT}/promotions", json=a_body(), headers=headers)
        first = apply(service)
    with Service.running(tmp_path / "two", settings) as service:
        assert apply(service) == first
    assert first["data"]["constraint"]["usageCount"] == 1


async def _race(urls: list[str], headers: dict[str, str]) -> list[httpx.Response]:
    """What each client is told in the end; every third is killed first, and retries elsewhere."""
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def apply(i: int) -> httpx.Response:
            named = headers | {"Idempotency-Key": f"client-{i}"}
            if i % 3 == 0:
                await asyncio.to_thread(_send_and_die, urls[i % 2], named, 0.002 * (i % 8))
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


def _send_and_die(url: str, headers: dict[str, str], wait: float) -> None:
    """Send the request and reset the connection a moment later, as a killed process does."""
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
