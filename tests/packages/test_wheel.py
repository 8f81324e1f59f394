"""The wheel in an empty environment: its files, and the service that it runs.

One service serves all tests: below a base path, with its figures at an address of their own.
"""

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest

from sconto import __version__
from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from sconto.portal.session import COOKIE
from tests.house.sources import ROOT
from tests.packages.dockerfile import instructions
from tests.packages.installed import build_wheel, install_wheel, service_of
from tests.packages.proxy import NGINX, nginx_before
from tests.portal.sessions import cookie_of
from tests.prepared import prepare_data_dir
from tests.services import environment_of

BASE: Final = "/promotions"
OPERATOR: Final = "the-token-of-the-operator"
SCRAPER: Final = "the-token-of-prometheus"
KEY: Final = b"k" * 32


@dataclass(frozen=True, slots=True)
class Installed:
    """The running service: its address without the base path, the figures' one, the programs."""

    url: str
    figures: str
    programs: Path

    @property
    def address(self) -> str:
        """Host and port."""
        return self.url.removeprefix("http://")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(
    wheel: Path, prepared_cluster: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("installed")
    programs = install_wheel(wheel, folder / "environment")
    prepare_data_dir(prepared_cluster, folder / "data")
    (folder / "operator-token").write_text(f"{OPERATOR}\n")
    settings = {
        "SCONTO_DATA_DIR": str(folder / "data"),
        "SCONTO_SECRET_KEY": KEY.decode(),
        "SCONTO_BASE_PATH": BASE,
        "SCONTO_METRICS_ADDRESS": "127.0.0.1:0",
        "SCONTO_METRICS_TOKEN": SCRAPER,
        "SCONTO_OPERATOR_TOKEN_FILE": str(folder / "operator-token"),
        "FORWARDED_ALLOW_IPS": "127.0.0.1",
        "PYTHONPATH": "",
    }
    with service_of(programs).running(folder / "service", settings) as service:
        assert service.process.stdout is not None
        figures = re.search(r"http://[^/]+", service.process.stdout.readline())
        assert figures is not None
        yield Installed(service.url.removesuffix(BASE), figures[0], programs)


def test_the_wheel_has_every_file_of_the_package_and_the_manual(wheel: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "src/sconto"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    packed = set(zipfile.ZipFile(wheel).namelist())
    tracked = {name.removeprefix("src/") for name in listing.stdout.splitlines()}
    assert tracked - packed == set()
    pages = {f"sconto/api/static/manual/{page.stem}.html" for page in (ROOT / "docs").glob("*.md")}
    assert pages - packed == set()
    assert wheel.stat().st_size < 3_000_000


def test_the_command_says_its_version(installed: Installed) -> None:
    said = subprocess.run(
        [installed.programs / "sconto", "--version"], capture_output=True, check=True, text=True
    )
    assert said.stdout == f"sconto {__version__}\n"


@pytest.mark.parametrize("prefix", [BASE, ""])
def test_requests_arrive_with_and_without_the_base_path(installed: Installed, prefix: str) -> None:
    token = Tokens(KEY).issue(Caller(1, 1, Role.ADMIN), read_clock())
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{installed.url}{prefix}", headers=headers) as client:
        # Each API answers in its own error format, so each must know its address.
        assert "Promotion not found: 8888" in client.get("/v1/promotion/8888/").text
        assert client.get("/checkout/v1/orders/8888").json()["status"] == 404
        assert client.get("/promotion/v1/promotions/").json()["data"] == []
        moved = client.get("/portal")
        assert moved.headers["location"] == f"{BASE}/portal/"
        assert client.get("/").headers["location"] == f"{BASE}/portal/"
        assert client.get("/manual").headers["location"] == f"{BASE}/manual/"
    assert httpx.get(f"{installed.url}{BASE}").headers["location"] == f"{BASE}/portal/"
    assert httpx.get(f"{installed.url}{BASE}x/health/live").status_code == 404


def test_all_links_of_the_portal_and_the_manual_are_below_the_base_path(
    installed: Installed,
) -> None:
    with httpx.Client(base_url=installed.url, auth=("operator", OPERATOR)) as client:
        page = client.get(f"{BASE}/portal/sign-in")
        addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text)
        assert len(addresses) > 5
        assert [one for one in addresses if not one.startswith(f"{BASE}/")] == []
        assert {client.get(one).is_error for one in addresses} == {False}
        assert f"Path={BASE}/portal" in page.headers["set-cookie"]
        assert f"{BASE}/openapi.json" in client.get(f"{BASE}/docs").text
        assert client.get(f"{BASE}/openapi.json").json()["servers"] == [{"url": BASE}]


def test_the_menu_marks_the_page_below_the_base_path(installed: Installed) -> None:
    name, _, value = cookie_of(Caller(1, 1, Role.ADMIN), Tokens(KEY)).partition("=")
    assert name == COOKIE
    page = httpx.get(f"{installed.url}{BASE}/portal/people", cookies={name: value})
    assert f'href="{BASE}/portal/people" aria-current="page"' in page.text
    asked = httpx.get(f"{installed.url}{BASE}/portal/people?page=2")
    assert asked.headers["location"] == f"{BASE}/portal/sign-in?next=%2Fpeople%3Fpage%3D2"


def test_the_manual_is_served_with_a_policy(installed: Installed) -> None:
    first = httpx.get(f"{installed.url}{BASE}/manual/")
    assert "<h1" in first.text
    policy = first.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    missing = httpx.get(f"{installed.url}{BASE}/manual/nowhere.html")
    assert (missing.status_code, f'href="{BASE}/manual/"' in missing.text) == (404, True)
    refused = httpx.post(f"{installed.url}{BASE}/manual/")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_the_figures_are_only_at_their_own_address(installed: Installed) -> None:
    auth = {"Authorization": f"Bearer {SCRAPER}"}
    assert httpx.get(f"{installed.url}/metrics", headers=auth).status_code == 404
    assert httpx.get(f"{installed.figures}/metrics").status_code == 401
    for token in (SCRAPER, OPERATOR):
        headers = {"Authorization": f"Bearer {token}"}
        for prefix in ("", BASE):
            answer = httpx.get(f"{installed.figures}{prefix}/metrics", headers=headers)
            assert "sconto_quotes_total" in answer.text
    assert httpx.get(f"{installed.figures}/portal/sign-in").status_code == 404


def test_only_the_figures_address_answers_readiness_without_the_token(installed: Installed) -> None:
    assert httpx.get(f"{installed.figures}/health/ready").status_code == 200
    assert httpx.get(f"{installed.url}/health/ready").status_code == 401
    # The token for the figures is valid for nothing else.
    headers = {"Authorization": f"Bearer {SCRAPER}"}
    assert httpx.get(f"{installed.url}/health/ready", headers=headers).status_code == 401


def test_the_images_health_check_passes_only_for_a_live_service(installed: Installed) -> None:
    [check] = [one for one in instructions() if one.cmd == "HEALTHCHECK"]
    *_, script = check.value
    for port, code in ((installed.address.rpartition(":")[2], 0), ("1", 1)):
        ran = subprocess.run(
            [sys.executable, "-c", script.replace(":8000/", f":{port}/")],
            check=False,
            capture_output=True,
            env=environment_of({}),
        )
        assert ran.returncode == code


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_behind_nginx_cookies_are_secure_and_the_browser_must_use_tls(
    installed: Installed, tmp_path: Path
) -> None:
    with (
        nginx_before(installed.address, tmp_path) as url,
        httpx.Client(base_url=url, verify=False) as client,
    ):
        page = client.get(f"{BASE}/portal/sign-in")
        assert "; Secure" in page.headers["set-cookie"]
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        assert client.get("/health/live").status_code == 404
        moved = client.get(f"{BASE}/portal")
        assert moved.headers["location"] == f"{BASE}/portal/"
    # Without the proxy's header nothing counts as secure.
    assert "; Secure" not in httpx.get(f"{installed.url}/portal/sign-in").headers["set-cookie"]
