"""One database server for a run, one database for each test process, one merchant for each test."""

import gc
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from xdist.remote import Producer

from sconto.api.clock import read_clock
from sconto.api.context import Context
from sconto.api.logs import request_log
from sconto.api.metrics import Metrics
from sconto.api.web_app import WebApp
from sconto.app import build_app
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from sconto.store.migrate import migrate
from tests import postgresql
from tests.dealing import Dealing, deal_slowest_first
from tests.distributed import Cluster, until_direct, watched
from tests.memory_disk import keep_files_in_memory
from tests.operations.cheap_passwords import make_passwords_cheap
from tests.prepared import prepare_cluster, prepare_data_dir
from tests.services import Service, wait_until
from tests.sharing import shared

SECRET_KEY: Final = b"a key that signs nothing but what the tests ask for"

_TEMPLATE: Final = "sconto_template"
_LOCK: Final = 1
_GC_THRESHOLD: Final = 50_000
_numbers = count(1)

pytest_plugins = ["tests.parallel_commands", "tests.costs", "tests.workers"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests run on another server."""
    parser.addoption(
        "--database-url",
        help="a PostgreSQL to test on, by an address whose user may create databases "
        "(default: the bundled one)",
    )
    parser.addoption(
        "--citus-url",
        help="a Citus cluster to test on, by an address as in SCONTO_TEST_CITUS_URL",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow tests first."""
    deal_slowest_first(items)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that a distributed database cannot pass."""
    if item.config.getoption("--citus-url"):
        for marker in item.iter_markers("plain_postgresql"):
            pytest.skip(f"not on Citus: {marker.args[0]}")


def pytest_collection_finish() -> None:
    """Exclude the objects of tests and libraries from garbage collection.

    They live as long as the process, and scanning all of them takes a third of a second. The
    garbage of tests is collected rarely, as in a service: most of it is freed without a search.
    """
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Exclude everything from the last collections, where no tests have run."""
    if config.getoption("numprocesses", None) or config.getoption("collectonly"):
        gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Dealing:
    """Deal the tests out to the processes of the run."""
    return Dealing(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """Slow machines must not fail tests; the garbage of imports is not worth a search."""
    gc.disable()
    keep_files_in_memory()
    make_passwords_cheap()
    if find_spec("sniffio") is None:
        # Otherwise httpx searches all of Python's path for it at each request: a tenth of its time.
        sys.modules["sniffio"] = None  # type: ignore[assignment]  # as Python's manual says
    patient = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    for name, examples in (("usual", 40), ("soak", 1_000)):
        settings.register_profile(name, patient, max_examples=examples)
    settings.load_profile(config.getoption("--hypothesis-profile") or "usual")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session", autouse=True)
def no_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep httpx from reading certificates: 20 ms for each client, and tests use plain HTTP."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("no-certificates")))
        yield


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest, run_folder: Path) -> Iterator[str]:
    """A PostgreSQL server that all processes of the run share; its user may create databases."""
    named: str | None = request.config.getoption("--database-url")
    if named:
        yield named
        return
    with shared(run_folder / "postgresql", postgresql.running) as url:
        yield url


@pytest.fixture(scope="session")
def prepared_cluster(run_folder: Path) -> Path:
    """The files of a stopped PostgreSQL with the newest schema; tests start on copies."""
    return prepare_cluster(run_folder / "prepared")


@pytest.fixture
def prepared_data_dir(prepared_cluster: Path, tmp_path: Path) -> Path:
    """A data folder whose bundled database exists and has the newest schema."""
    data_dir = tmp_path / "data"
    prepare_data_dir(prepared_cluster, data_dir)
    return data_dir


@pytest.fixture(scope="session")
def create_database(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Creates databases with the newest schema and no rows; returns the address of each.

    Given the name of another database, it makes a copy of that one.
    """
    if url := request.config.getoption("--citus-url"):
        cluster = Cluster(url)
        yield lambda: cluster.create_distributed(f"sconto_test_{os.getpid()}_{next(_numbers)}")
        faults = cluster.find_faults()
        cluster.close()
        assert faults == []
        return
    server_url: str = request.getfixturevalue("server_url")
    with psycopg.connect(server_url, autocommit=True) as server:
        run = f"{os.getpid()}"
        _ensure_template(server, server_url)
        names: list[str] = []

        def create(template: str = _TEMPLATE) -> str:
            name = f"sconto_test_{run}_{next(_numbers)}"
            # Copying the files takes half the work of writing them to the log.
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
            names.append(name)
            # Only tests of faults need durable rows, and they have their own servers.
            server.execute(
                sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(
                    sql.Identifier(name)
                )
            )
            return with_database(server_url, name)

        yield create
        if request.config.getoption("--database-url"):  # the bundled one is deleted anyway
            for name in names:
                drop_database(server, name)


@pytest.fixture(scope="session")
def database_url(create_database: Callable[[], str]) -> str:
    """The address of the database that all tests of this process share."""
    return create_database()


@pytest.fixture(scope="session")
async def database(database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """The pool on that database. On a cluster it leads to the nodes, as in the service."""
    if request.config.getoption("--citus-url"):
        async with watched(database_url) as database:
            await until_direct(database)
            yield database
        return
    database = await Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture
async def one_connection(database_url: str) -> AsyncIterator[Database]:
    """A pool of one connection to that database, as a process of its own has one."""
    database = await Database.open(database_url, connections=1)
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def own_database(create_database: Callable[[], str]) -> AsyncIterator[Database]:
    """A database of the module's own; no service sends its events or sweeps it.

    A module whose tests all use it says `database = own_database`.
    """
    database = await Database.open(create_database())
    yield database
    await database.close()


@pytest.fixture
async def merchant(database: Database) -> Caller:
    """The admin of a new merchant."""
    return await create_caller(database)


@pytest.fixture(scope="session")
def tokens() -> Tokens:
    """Signs and reads the tokens of the tests' application."""
    return Tokens(SECRET_KEY)


@pytest.fixture(scope="session")
async def app(database: Database, tokens: Tokens) -> AsyncIterator[WebApp]:
    """The running application on that database, in UTC."""

    @asynccontextmanager
    async def open_context() -> AsyncIterator[Context]:
        yield Context(database, tokens, ZoneInfo("UTC"), Metrics())

    app = build_app(open_context, request_log("json"))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(app: WebApp) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application without a token; see `bearer`."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sconto") as client:
        yield client


@pytest.fixture
def bearer(tokens: Tokens) -> Callable[[Caller], dict[str, str]]:
    """The header of a caller: `client.get(url, headers=bearer(merchant))`."""
    return lambda caller: {"AuthorizationJWT": f"Bearer {tokens.issue(caller, read_clock())}"}


@pytest.fixture(scope="session")
def server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real service of two processes on that database; it accepts `tokens`.

    All tests of a process share it. A test that kills or stops a service starts its own.
    """
    folder = tmp_path_factory.mktemp("server")
    settings = {
        "SCONTO_DATABASE_URL": database_url,
        "SCONTO_SECRET_KEY": SECRET_KEY.decode(),
        "SCONTO_DATA_DIR": str(folder / "unused"),
    }
    with Service.running(folder / "service", settings, "--workers", "2") as service:
        yield service.url


async def create_caller(
    database: Database, role: Role = Role.ADMIN, merchant_id: int | None = None
) -> Caller:
    """A user with this role, of a new merchant or of this one; no password fits."""
    name = f"test-{os.getpid()}-{next(_numbers)}"
    async with database.write() as connection:
        if merchant_id is None:
            merchant_id = await connection.fetchval(
                "INSERT INTO merchants (name) VALUES ($1) RETURNING merchant_id", name
            )
        user_id = await connection.fetchval(
            "INSERT INTO users (merchant_id, username, role, password_hash)"
            " VALUES ($1, $2, $3, '!') RETURNING user_id",
            merchant_id,
            name,
            role.value,
        )
    return Caller(merchant_id, user_id, role)


def drop_database(server: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    """Drop a database and end its sessions; a worker of autovacuum must end by itself."""

    def is_dropped() -> bool:
        try:
            server.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
            return False
        return True

    wait_until(is_dropped)


def with_database(server_url: str, name: str) -> str:
    """The address of another database on the same server."""
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def _ensure_template(server: "psycopg.Connection[tuple[object, ...]]", server_url: str) -> None:
    """Create the template of all databases, unless another process has."""
    server.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        known = server.execute("SELECT FROM pg_database WHERE datname = %s", [_TEMPLATE])
        if known.fetchone() is None:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
        migrate(with_database(server_url, _TEMPLATE))
    finally:
        server.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
