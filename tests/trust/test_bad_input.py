"""Whatever is sent, no answer is 500 or above, slow, or undocumented."""

import asyncio
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Final
from urllib.parse import urlsplit

import pytest

from sconto.api.clock import read_clock
from sconto.cli.product_file import ProductFileRefused, open_products
from sconto.domain.people import Caller
from sconto.domain.problems import ImportRefused
from sconto.operations.products import import_products
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.builders import NOON
from tests.conftest import SECRET_KEY, create_caller
from tests.services import Service
from tests.trust.noise import SLOWEST, damaged, noisy_request

SENDERS: Final = 8
PART: Final = 900
"""Requests made and sent together."""


@dataclass(frozen=True)
class Target:
    """A service, and an admin's header."""

    url: str
    headers: dict[str, str]


@pytest.fixture(scope="module")
def service(
    create_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """A service on its own database, because some of the noise is failing sign-ins."""
    url = create_database()
    settings = {"SCONTO_DATABASE_URL": url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}
    with Service.running(tmp_path_factory.mktemp("service"), settings) as service:
        yield service.url, url


@pytest.fixture
async def target(service: tuple[str, str], tokens: Tokens) -> Target:
    """The service, and an admin of this test, because some of the noise ends their tokens."""
    address, url = service
    database = await Database.open(url)
    token = tokens.issue(await create_caller(database), read_clock())
    await database.close()
    return Target(address, {"AuthorizationJWT": f"Bearer {token}"})


@pytest.mark.timeout(300)
def test_no_documented_address_fails(target: Target) -> None:
    from tests.trust.documented import try_addresses  # noqa: PLC0415 - takes half a second

    assert try_addresses(target.url, target.headers, 2) > 20


@pytest.mark.soak
def test_no_documented_address_fails_in_thousands_of_requests(target: Target) -> None:
    from tests.trust.documented import try_addresses  # noqa: PLC0415 - takes half a second

    try_addresses(target.url, target.headers, 1000)


def status_of(url: str, raw: bytes) -> int:
    """The status of the answer to these bytes; 0 if there is none."""
    address = urlsplit(url)
    answer = b""
    with (
        socket.create_connection((address.hostname, address.port), timeout=SLOWEST) as connection,
        suppress(ConnectionError, TimeoutError),
    ):
        connection.sendall(raw)
        while b"\r\n" not in answer and (chunk := connection.recv(65536)):
            answer += chunk
    return int(answer.split(b" ", 2)[1]) if answer else 0


def send_noise(target: Target, requests: int, number: int) -> Counter[int]:
    """The statuses of the answers to this many requests."""
    chance = random.Random(number)
    statuses: Counter[int] = Counter()

    def send(raw: bytes) -> int:
        began = time.monotonic()
        status = status_of(target.url, raw)
        assert status < 500, raw
        assert status == 0 or time.monotonic() - began < SLOWEST, raw
        return status

    # Some noise makes the service wait for more bytes. The other senders go on.
    with ThreadPoolExecutor(SENDERS) as senders:
        for _ in range(0, requests, PART):
            statuses.update(
                senders.map(send, [noisy_request(chance, target.headers) for _ in range(PART)])
            )
    return statuses


def test_no_bytes_make_an_address_fail(target: Target) -> None:
    statuses = send_noise(target, 900, 1)
    # The noise gets past the parsers of HTTP and JSON.
    assert statuses[200] > 50
    assert statuses[400] > 50
    assert statuses[422] > 50


async def import_noise(database: Database, caller: Caller, files: int, number: int) -> int:
    """How many of this many damaged product files were imported."""
    chance = random.Random(number)
    taken = 0
    for _ in range(files):
        lines = [f"{one},Mug {one},19.99,EUR" for one in range(1, chance.randint(2, 6))]
        raw = "\r\n".join(["product_id,name,price,currency", *lines]).encode()
        try:
            found = open_products(BytesIO(damaged(chance, raw)))[1]
            await import_products(database, caller, found, NOON)
        except (ProductFileRefused, ImportRefused):
            continue
        taken += 1
    return taken


async def test_no_bytes_in_a_file_of_products_make_the_import_fail(
    database: Database, merchant: Caller
) -> None:
    assert 0 < await import_noise(database, merchant, 150, 1) < 150


@pytest.mark.soak
async def test_no_bytes_in_a_hundred_thousand_files_of_products_make_the_import_fail(
    database: Database,
) -> None:
    # Together, because one import mostly waits for the database.
    merchants = [await create_caller(database) for _ in range(8)]
    await asyncio.gather(
        *(import_noise(database, one, 12_500, random.randrange(2**32)) for one in merchants)
    )


@pytest.mark.soak
def test_no_bytes_of_a_hundred_thousand_requests_make_an_address_fail(target: Target) -> None:
    send_noise(target, 100_000, random.randrange(2**32))
