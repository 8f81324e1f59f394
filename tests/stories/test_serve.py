"""`sconto serve`: its start, its workers, its log and its errors."""

import json
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from os import kill
from pathlib import Path

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from sconto.api.clock import read_clock
from sconto.cli import app
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from tests.portal.sessions import cookie_of
from tests.services import Service, run_command, wait_until

Settings = dict[str, str]

CALLER = Caller(3, 4, Role.ADMIN)


@pytest.fixture(scope="module")
def settings(
    create_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Settings of a service on a migrated database of this file."""
    return {
        "SCONTO_DATABASE_URL": create_database(),
        "SCONTO_SECRET_KEY": "x" * 32,
        "SCONTO_DATA_DIR": str(tmp_path_factory.mktemp("none") / "unused"),
    }


@pytest.fixture(scope="module")
def single(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of one process; tests do not change it and its database."""
    with Service.running(tmp_path_factory.mktemp("single"), settings) as service:
        yield service


@pytest.fixture(scope="module")
def pair(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of two processes; a test that kills one waits until it is replaced."""
    folder = tmp_path_factory.mktemp("pair")
    with Service.running(folder, settings, "--workers", "2") as service:
        yield service


def test_a_service_on_a_named_database_starts_no_bundled_one(
    single: Service, settings: Settings
) -> None:
    assert single.get("/health/ready").status_code == 200
    assert not Path(settings["SCONTO_DATA_DIR"]).exists()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_running_request_is_finished_before_the_service_stops(
    settings: Settings, tmp_path: Path, workers: str
) -> None:
    with Service.running(tmp_path, settings, "--workers", workers) as service:
        wait_until(lambda: len(service.workers()) == int(workers))
        host, port = service.url.removeprefix("http://").split(":")
        body = b'{"username": "nobody", "password": "anything"}'
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            head = (
                f"POST /v1/login_check HTTP/1.1\r\nHost: {host}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            connection.sendall(head.encode() + body[:10])
            wait_until(lambda: service.get("/health/live").status_code == 200)
            service.process.send_signal(signal.SIGTERM)
            wait_until(lambda: "Shutting down" in service.log)
            connection.sendall(body[10:])
            answer = connection.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 401 "), answer
        assert b'"error":1001' in answer


def test_a_worker_that_is_killed_is_replaced(pair: Service) -> None:
    wait_until(lambda: len(pair.workers()) == 2)
    victim = pair.workers()[0]
    kill(victim, signal.SIGKILL)
    wait_until(lambda: len(set(pair.workers()) - {victim}) == 2)
    assert pair.get("/health/ready").status_code == 200


def test_workers_do_not_outlive_a_killed_service(settings: Settings, tmp_path: Path) -> None:
    service = Service(tmp_path, settings, "--workers", "2")
    try:
        wait_until(lambda: len(service.workers()) == 2)
        service.process.kill()
        service.process.wait()
        wait_until(lambda: not service.is_anything_left(), within=15)
    finally:
        service.kill_all()


def test_a_port_in_use_gives_a_one_line_error(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        run = run_command(settings, "serve", "--port", str(port), "--workers", "2")
    assert run.returncode == 1
    assert run.stderr == f"sconto: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_an_unreachable_database_gives_a_one_line_error(settings: Settings) -> None:
    nowhere = {**settings, "SCONTO_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/x"}
    served = run_command(nowhere, "serve", "--port", "0")
    runs = [
        CliRunner().invoke(app, line, env=nowhere) for line in (["migrate"], ["merchant", "list"])
    ]
    for status, said in (
        (served.returncode, served.stderr),
        *((run.exit_code, run.stderr) for run in runs),
    ):
        assert status == 1
        assert said.startswith("sconto: the database cannot be reached: ")
        assert said.count("\n") == 1


def test_a_named_database_needs_a_named_key(settings: Settings) -> None:
    run = run_command({**settings, "SCONTO_SECRET_KEY": ""}, "serve", "--port", "0")
    assert run.returncode == 1
    assert run.stderr.startswith("sconto: SCONTO_SECRET_KEY is missing")
    assert run.stderr.count("\n") == 1


def test_users_and_tokens_of_the_bundled_database_outlive_the_service(
    prepared_data_dir: Path, tmp_path: Path
) -> None:
    settings = {"SCONTO_DATA_DIR": str(prepared_data_dir)}
    assert run_command(settings, "merchant", "create", "Ada's mugs").returncode == 0
    with Service.running(tmp_path / "first", settings) as service:
        assert service.get("/health/ready").status_code == 200
        check_rights(service, workers=1)
    key = prepared_data_dir / "secret-key"
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    command = ("--no-migrate", "--workers", "2")
    with Service.running(tmp_path / "second", settings, *command) as service:
        assert service.get("/health/ready").status_code == 200
        assert "Ada's mugs" in run_command(settings, "merchant", "list").stdout
        check_rights(service, workers=2)
    assert key.read_bytes() == before


@pytest.mark.parametrize(("name", "workers"), [("single", 1), ("pair", 2)])
def test_a_worker_gains_no_rights_dumps_no_memory_and_shares_no_file(
    request: pytest.FixtureRequest, name: str, workers: int
) -> None:
    check_rights(request.getfixturevalue(name), workers)


def test_a_single_worker_counts_its_requests(single: Service) -> None:
    before = requests_counted(single)
    assert single.get("/v1/promotion/77").status_code == 401
    assert requests_counted(single) - before == 1


def test_the_counts_of_two_workers_add_up(pair: Service) -> None:
    wait_until(lambda: len(pair.workers()) == 2)
    before = requests_counted(pair)
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(pair.get, ["/v1/promotion/77/"] * 100))
    assert [answer.status_code for answer in answers] == [401] * 100
    assert requests_counted(pair) - before == 100
    victim = pair.workers()[0]
    kill(victim, signal.SIGKILL)
    assert requests_counted(pair) - before == 100
    exposition = pair.get("/metrics").text
    assert 'route="/v1/promotion/{promotion_id}"' in exposition
    assert "/77" not in exposition
    for name in ("quotes", "orders", "redemptions"):
        assert f"sconto_{name}_total " in exposition
    assert 'sconto_database_connections{state="idle"}' in exposition
    wait_until(lambda: len(set(pair.workers()) - {victim}) == 2)


def test_the_log_names_the_caller_and_the_route_and_no_secret(
    single: Service, settings: Settings
) -> None:
    token = token_of(CALLER, settings)
    headers = {"Authorization": f"Bearer {token}", "X-Request-ID": "seen-in-the-log"}
    person = {"username": "ada", "password": "PASSWORD-9"}
    httpx.get(f"{single.url}/v1/promotion/7777?search_string=CODE-9", headers=headers)
    httpx.post(f"{single.url}/v1/login_check", json=person)
    lines = [json.loads(line) for line in single.log.splitlines()]
    [line] = [line for line in lines if line.get("request_id") == "seen-in-the-log"]
    assert line.pop("milliseconds") > 0
    assert line.pop("timestamp")
    assert line == {
        "event": "request",
        "level": "info",
        "request_id": "seen-in-the-log",
        "method": "GET",
        "route": "/v1/promotion/{promotion_id}",
        "status": 404,
        "merchant_id": CALLER.merchant_id,
        "user_id": CALLER.user_id,
    }
    secrets = ["CODE-9", "PASSWORD-9", "7777", token, token.split(".")[2]]
    assert [secret for secret in secrets if secret in single.log] == []


def test_an_unexpected_error_is_logged_without_the_request_content(
    single: Service, settings: Settings
) -> None:
    with psycopg.connect(settings["SCONTO_DATABASE_URL"]) as connection:
        merchant = "INSERT INTO merchants (name) VALUES ('shop') RETURNING merchant_id"
        row = connection.execute(merchant).fetchone()
        connection.execute("ALTER TABLE codes ADD CONSTRAINT none CHECK (code_key = '') NOT VALID")
    assert row is not None
    token = token_of(Caller(row[0], 1, Role.ADMIN), settings)
    promotion = {
        "promotion_type": "coupon",
        "promotion_name": "Secret",
        "coupons": {"coupon_code": ["SECRET-9"], "discount_percent": "10"},
    }
    answer = httpx.post(
        f"{single.url}/v1/promotion",
        json=promotion,
        headers={"AuthorizationJWT": f"Bearer {token}"},
    )
    with psycopg.connect(settings["SCONTO_DATABASE_URL"]) as connection:
        connection.execute("ALTER TABLE codes DROP CONSTRAINT none")
    assert answer.status_code == 500
    assert "CheckViolationError" in single.log
    assert token not in single.log
    assert "secret-9" not in single.log.lower()


def test_an_unexpected_error_is_500_in_each_api_and_explained_only_in_the_log(
    create_database: Callable[[], str], settings: Settings, tmp_path: Path
) -> None:
    settings = {**settings, "SCONTO_DATABASE_URL": create_database()}
    with psycopg.connect(settings["SCONTO_DATABASE_URL"]) as connection:
        connection.execute("DROP TABLE products, promotions CASCADE")
    headers = {"Authorization": f"Bearer {token_of(CALLER, settings)}"}
    with Service.running(tmp_path, settings) as service:
        published = httpx.get(f"{service.url}/v1/promotion", headers=headers)
        ours = httpx.get(f"{service.url}/catalog/v1/products", headers=headers)
        cookie = cookie_of(CALLER, Tokens(settings["SCONTO_SECRET_KEY"].encode()))
        page = httpx.get(f"{service.url}/portal/promotions", headers={"Cookie": cookie})
    assert page.status_code == 500
    assert "<h1>Something went wrong</h1>" in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert (published.status_code, ours.status_code) == (500, 500)
    assert published.json()["errors"][0]["error"] == 500
    assert ours.headers["Content-Type"] == "application/problem+json"
    assert (ours.json()["status"], ours.json()["title"]) == (500, "Internal Server Error")
    for answer in (published, ours, page):
        assert not re.search("Traceback|asyncpg|relation", answer.text)
        failures = [line for line in service.log.splitlines() if "request failed" in line]
        [line] = [line for line in failures if answer.headers["X-Request-ID"] in line]
        assert "UndefinedTableError" in json.loads(line)["exception"]
    assert "Exception in ASGI application" not in service.log


def token_of(caller: Caller, settings: Settings) -> str:
    """A token that a service with these settings takes."""
    return Tokens(settings["SCONTO_SECRET_KEY"].encode()).issue(caller, read_clock())


def check_rights(service: Service, workers: int) -> None:
    """Assert that no process of the service can gain rights, dump its memory, or share files."""
    if sys.platform != "linux":  # they are read from /proc
        return
    wait_until(lambda: len(service.workers()) == workers)
    for process in {*service.workers(), service.process.pid}:
        for thread in Path(f"/proc/{process}/task").iterdir():
            facts = (thread / "status").read_text()
            assert re.search(r"^NoNewPrivs:\t1$", facts, re.M)
            assert re.search(r"^Umask:\t0077$", facts, re.M)
        limits = Path(f"/proc/{process}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.M)


def requests_counted(service: Service) -> int:
    """How many requests for a promotion all workers together have answered."""
    wait_until(lambda: service.get("/health/live").status_code == 200)
    exposition = service.get("/metrics")
    assert exposition.status_code == 200
    counted = re.findall(
        r'^sconto_http_request_duration_seconds_count{.*route="/v1/promotion/.*} ([0-9.]+)$',
        exposition.text,
        re.M,
    )
    return sum(int(float(count)) for count in counted)
