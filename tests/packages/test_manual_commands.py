"""The manual's commands that install Sconto, run exactly as written."""

import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.house.sources import ROOT
from tests.packages.installed import build_wheel, service_of
from tests.services import environment_of, wait_until


def block_with(page: str, words: str) -> str:
    """The only shell block with these words."""
    text = (ROOT / "docs" / page).read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S)
    [found] = [block for block in blocks if words in block]
    return str(found)


def run(commands: str, folder: Path) -> None:
    """Run commands; all must succeed."""
    subprocess.run(["sh", "-euc", commands], cwd=folder, env=environment_of({}), check=True)


@pytest.mark.soak
def test_the_first_steps_start_the_demo(tmp_path: Path) -> None:
    build_wheel(tmp_path / "dist")
    *install, start = block_with("first-steps.md", "pip install").splitlines()
    run("\n".join(install), tmp_path)
    assert start == "sconto/bin/sconto demo"

    with subprocess.Popen(
        [tmp_path / "sconto" / "bin" / "sconto", "demo", "--port", "0"],
        env=environment_of({"SCONTO_DATA_DIR": str(tmp_path / "data")}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        said = next(line for line in demo.stdout if line.startswith("Sconto listens on "))
        url = said.split()[-1]
        wait_until(lambda: httpx.get(f"{url}/health/live").status_code == 200)
        for path in ("/portal/sign-in", "/shop/", "/docs", "/manual/"):
            assert httpx.get(f"{url}{path}").status_code == 200
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0


@pytest.mark.soak
def test_the_installed_package_serves(create_database: Callable[[], str], tmp_path: Path) -> None:
    build_wheel(tmp_path / "dist")
    (tmp_path / "requirements").symlink_to(ROOT / "requirements")
    commands = block_with("installing.md", "/opt/sconto/bin/pip").replace(
        "/opt/", f"{tmp_path}/opt/"
    )
    run(commands, tmp_path)
    settings = {"SCONTO_DATABASE_URL": create_database(), "SCONTO_SECRET_KEY": "k" * 32}
    programs = tmp_path / "opt" / "sconto" / "bin"
    with service_of(programs).running(tmp_path / "service", settings) as service:
        assert service.get("/health/ready").status_code == 200
