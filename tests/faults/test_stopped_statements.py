"""Statements that the database stops, by a timeout or because an administrator cancels them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import psycopg
import pytest
from psycopg import sql

from sconto.domain.people import Caller
from sconto.operations.tokens import Tokens
from sconto.store import loans
from tests.conftest import create_caller
from tests.faults.one_process import one_process
from tests.portal.sessions import cookie_of
from tests.security.endpoints import Things, operations_of, send

THINGS = Things(1, 1, "order", "CODE", "1", "TRY3", "00000000-0000-0000-0000-000000000000", 1)

ANSWERED_WITHOUT_TABLES = {("GET", "/health/live"), ("GET", "/metrics"), ("GET", "/v1/me")}

PAGES = ("promotions", "promotions/1", "promotions/1/codes", "subscriptions", "people")

CANCELLED_ONCE = [
    ("POST", "/checkout/v1/quotes", 200),
    ("POST", "/checkout/v1/orders", 201),
    ("GET", "/v1/promotion", 200),
    ("POST", "/v1/promotion", 200),
    ("GET", "/promotion/v1/promotions", 200),
    ("POST", "/promotion/v1/promotions", 201),
    ("GET", "/catalog/v1/products", 200),
    ("PUT", "/catalog/v1/products", 200),
    ("GET", "/portal/promotions", 200),
]

LOCK_ALL = """
SELECT format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', string_agg(oid::regclass::text, ', '))
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""

CANCEL_WAITING = """
SELECT pg_cancel_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""

Bearer = Callable[[Caller], dict[str, str]]
Asked = dict[tuple[str, str], "asyncio.Task[httpx.Response]"]


@asynccontextmanager
async def all_tables_locked(url: str) -> AsyncIterator[None]:
    async with await psycopg.AsyncConnection.connect(url) as locking:
        row = await (await locking.execute(LOCK_ALL)).fetchone()
        assert row is not None
        await locking.execute(row[0])
        yield
        await locking.rollback()


async def every_request(
    client: httpx.AsyncClient, caller: Caller, headers: dict[str, str], tokens: Tokens
) -> Asked:
    """Send one request to each documented address and to pages of the portal."""
    cookie = {"Cookie": cookie_of(caller, tokens)}
    asked: Asked = {}
    for method, path in await operations_of(client):
        if (method, path) not in ANSWERED_WITHOUT_TABLES:
            asked[method, path] = asyncio.create_task(ask(client, method, path, headers))
    for page in PAGES:
        path = f"/portal/{page}"
        asked["GET", path] = asyncio.create_task(client.get(path, headers=cookie))
    return asked


async def assert_all_unavailable(asked: Asked) -> None:
    """Assert 503 with `Retry-After` at every address."""
    wrong = {}
    for place, asking in asked.items():
        answer = await asking
        if (answer.status_code, answer.headers.get("Retry-After")) != (503, "2"):
            wrong[place] = (answer.status_code, answer.text[:200])
    assert wrong == {}


@pytest.mark.parametrize("setting", ["statement_timeout", "lock_timeout"])
async def test_a_database_timeout_is_503_at_every_address(
    create_database: Callable[[], str],
    tokens: Tokens,
    bearer: Bearer,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
) -> None:
    monkeypatch.setattr(loans, "CONNECTION_TIMEOUT", 2.0)
    url = create_database()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as administrator:
        name = sql.Identifier(administrator.info.dbname)
        statement = sql.SQL("ALTER DATABASE {} SET {} = '100ms'")
        await administrator.execute(statement.format(name, sql.Identifier(setting)))
    async with one_process(url, tokens) as (database, client):
        caller = await create_caller(database)
        async with all_tables_locked(url):
            asked = await every_request(client, caller, bearer(caller), tokens)
            await assert_all_unavailable(asked)
        assert (await client.get("/health/ready")).status_code == 200


async def test_a_statement_cancelled_every_time_is_503_at_every_address(
    create_database: Callable[[], str], tokens: Tokens, bearer: Bearer
) -> None:
    url = create_database()
    async with (
        one_process(url, tokens) as (database, client),
        await psycopg.AsyncConnection.connect(url, autocommit=True) as administrator,
    ):
        caller = await create_caller(database)
        async with all_tables_locked(url):
            asked = await every_request(client, caller, bearer(caller), tokens)
            while not all(asking.done() for asking in asked.values()):
                await administrator.execute(CANCEL_WAITING)
                await asyncio.sleep(0.02)
        await assert_all_unavailable(asked)
        assert (await client.get("/health/ready")).status_code == 200


async def test_a_statement_cancelled_once_is_run_again(
    database_url: str,
    client: httpx.AsyncClient,
    merchant: Caller,
    tokens: Tokens,
    bearer: Bearer,
) -> None:
    headers = bearer(merchant) | {"Cookie": cookie_of(merchant, tokens)}
    await send(client, "PUT", "/catalog/v1/products", THINGS, headers)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        for method, path, status in CANCELLED_ONCE:
            async with all_tables_locked(database_url):
                asking = asyncio.create_task(ask(client, method, path, headers))
                cancelled = None
                while cancelled is None:
                    cancelled = await (await connection.execute(CANCEL_WAITING)).fetchone()
            answer = await asking
            assert answer.status_code == status, (method, path, answer.text)


async def ask(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]
) -> httpx.Response:
    if path == "/v1/login_check":
        return await client.post(path, json={"username": "ada", "password": "password"})
    if path == "/checkout/v1/orders":
        line = {"line_id": "1", "product_id": 1, "quantity": 1, "unit_price": "10.00"}
        body = {"order_id": "A", "currency": "EUR", "lines": [line]}
        return await client.post(path, json=body, headers=headers)
    return await send(client, method, path, THINGS, headers)


async def test_idle_sessions_ended_by_the_database_are_replaced(
    create_database: Callable[[], str], tokens: Tokens, bearer: Bearer
) -> None:
    url = create_database()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as administrator:
        name = sql.Identifier(administrator.info.dbname)
        statement = sql.SQL("ALTER DATABASE {} SET idle_session_timeout = '100ms'")
        await administrator.execute(statement.format(name))
    async with one_process(url, tokens) as (database, client):
        caller = await create_caller(database)
        headers = bearer(caller)
        statuses: Counter[int] = Counter()
        for _ in range(4):
            for method, path, _ in CANCELLED_ONCE[:3]:
                statuses[(await ask(client, method, path, headers)).status_code] += 1
            assert (await client.get("/health/ready")).status_code in (200, 503)
            await asyncio.sleep(0.25)
    # A session may end exactly while it is used.
    assert set(statuses) <= {200, 201, 503}
    assert statuses[503] < 6
