"""The database disappears while Sconto serves, and comes back."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psycopg
import pytest

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from tests.conftest import SECRET_KEY
from tests.portal.sessions import cookie_of
from tests.services import Service, wait_until
from tests.stories.database_proxy import DatabaseProxy


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a path short enough for a socket."""
    with TemporaryDirectory(prefix="sconto-") as folder:
        yield Path(folder)


def test_a_lost_database_is_503_in_each_format_until_it_is_back(
    create_database: Callable[[], str], tmp_path: Path, short_folder: Path, tokens: Tokens
) -> None:
    with DatabaseProxy.between(create_database(), short_folder) as proxy:
        settings = {"SCONTO_DATABASE_URL": proxy.url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}
        with Service.running(tmp_path, settings, "--workers", "2") as service:
            token = tokens.issue(Caller(1, 1, Role.ADMIN), read_clock())
            headers = {"Authorization": f"Bearer {token}"}
            everywhere = [
                "/health/ready",
                "/v1/promotion",
                "/promotion/v1/promotions",
                "/catalog/v1/products",
            ]
            well = [200] * len(everywhere)

            def statuses() -> list[int]:
                return [ask(service, path, headers).status_code for path in everywhere]

            wait_until(lambda: statuses() == well)
            proxy.cut()
            for path in everywhere:
                answer = ask(service, path, headers)
                assert answer.status_code == 503
                assert int(answer.headers["Retry-After"]) > 0
                assert says_unavailable(path, answer)
            assert service.get("/health/live").status_code == 200
            proxy.connect()
            # Each worker has broken connections, and finds the database again by itself.
            wait_until(lambda: [statuses() for _ in range(8)] == [well] * 8, within=10)
            assert [statuses() for _ in range(8)] == [well] * 8
            assert "Traceback" not in service.log


def test_a_service_started_without_a_database_accepts_no_token_until_it_knows_the_ended_ones(
    create_database: Callable[[], str], tmp_path: Path, short_folder: Path, tokens: Tokens
) -> None:
    url = create_database()
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE token_epoch SET epoch = 5")
    caller = Caller(1, 1, Role.ADMIN)
    ended, valid = (
        {"Authorization": f"Bearer {tokens.issue(caller, read_clock(), epoch=epoch)}"}
        for epoch in (4, 5)
    )
    page = {"Cookie": cookie_of(caller, tokens)}
    with DatabaseProxy.between(url, short_folder) as proxy:
        settings = {"SCONTO_DATABASE_URL": proxy.url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}
        proxy.cut()
        with Service.running(tmp_path, settings, "--no-migrate") as service:
            for headers in (ended, valid):
                assert ask(service, "/v1/promotion", headers).status_code == 503
            shown = ask(service, "/portal/promotions", page)
            assert (shown.status_code, "The database does not answer" in shown.text) == (503, True)
            proxy.connect()
            answers: list[int] = []
            while not answers or answers[-1] == 503:
                answers.append(ask(service, "/v1/promotion", ended).status_code)
                time.sleep(0.05)
            assert set(answers) <= {503, 401}
            assert ask(service, "/v1/promotion", valid).status_code == 200
            assert ask(service, "/portal/promotions", page).status_code == 303
            assert "Traceback" not in service.log


def test_a_killed_bundled_server_is_restarted_under_the_service(
    prepared_data_dir: Path, tmp_path: Path
) -> None:
    settings = {"SCONTO_DATA_DIR": str(prepared_data_dir)}
    with Service.running(tmp_path / "service", settings) as service:
        assert service.get("/health/ready").status_code == 200
        [pid_file] = prepared_data_dir.rglob("postmaster.pid")
        postmaster = int(pid_file.read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGKILL)
        # A connection that was open may answer once more before PostgreSQL is gone.
        wait_until(lambda: pid_file.exists() and _first_line(pid_file) not in ("", str(postmaster)))
        wait_until(lambda: service.get("/health/ready").status_code == 200)


def _first_line(file: Path) -> str:
    return file.read_text().partition("\n")[0]


def ask(service: Service, path: str, headers: dict[str, str]) -> httpx.Response:
    """One request on a new connection."""
    return httpx.get(service.url + path, headers=headers, timeout=30)


def says_unavailable(path: str, answer: httpx.Response) -> bool:
    """Whether the body is a 503 in the format of the path."""
    if path.startswith("/v1"):
        [error] = answer.json()["errors"]
        return error["error"] == 503 and bool(error["message"])
    if path.startswith("/promotion"):
        [error] = answer.json()["errors"]
        return (error["status"], error["title"]) == ("503", "Service Unavailable")
    return (
        answer.headers["Content-Type"] == "application/problem+json"
        and answer.json()["status"] == 503
        and answer.json()["title"] == "Service Unavailable"
    )
