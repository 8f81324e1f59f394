"""`sconto demo`: its printed lines work, and its data survive a restart."""

import json
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import forks
from tests.services import environment_of


@dataclass(frozen=True)
class Demo:
    """The output of a demo."""

    text: str

    @property
    def address(self) -> str:
        match = re.search(r"^  (http://\S+)/docs$", self.text, re.M)
        assert match
        return match[1]

    @property
    def token(self) -> str:
        match = re.search(r"^export TOKEN=(eyJ\S+)$", self.text, re.M)
        assert match
        return match[1]

    @property
    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.startswith("curl ")]


@contextmanager
def running_demo(folder: Path, port: int, stop: signal.Signals = signal.SIGTERM) -> Iterator[Demo]:
    """A demo with its data in the folder; stopped like Ctrl+C, or killed."""
    settings = {"SCONTO_DATA_DIR": str(folder), "SCONTO_DATABASE_URL": "postgresql://not/asked"}
    with tempfile.TemporaryFile() as log:
        arguments = ["demo", "--port", str(port)]
        process = forks.start(arguments, environment_of(settings), stderr=log)
        assert process.stdout is not None
        try:
            printed: list[str] = []
            for line in process.stdout:
                printed.append(line)
                if line.startswith("Sconto listens on "):
                    break
            yield Demo("".join(printed))
        finally:
            process.send_signal(stop)
            process.stdout.close()
            status = process.wait(40)
        assert status == (0 if stop is signal.SIGTERM else -stop)
        # Neither is a terminal, so there are no colours, and no lines of the server itself.
        log.seek(0)
        assert (log.read(), "\x1b" in "".join(printed)) == (b"", False)


def paste(demo: Demo, line: str, shell: str = "sh") -> Any:
    """The JSON that a line prints in a new shell, after the line that exports the token."""
    run = subprocess.run(
        [shell, "-c", f"export TOKEN={demo.token}\n{line}"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return json.loads(run.stdout)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the lines need curl")
def test_the_printed_lines_work_and_a_restart_keeps_the_data(tmp_path: Path) -> None:
    with running_demo(tmp_path / "data", 0) as demo:
        assert httpx.get(f"{demo.address}/docs", timeout=60).status_code == 200
        shop = httpx.get(f"{demo.address}/shop?code=WELCOME10", follow_redirects=True, timeout=60)
        assert "WELCOME10 is saved" in shop.text
        assert "€18.99" in shop.text, "the mug's price, five percent off"
        create, quote, order, statistics = demo.lines
        promotion_id = paste(demo, create)["id"]
        priced = paste(demo, quote)
        for shell in filter(shutil.which, ("bash", "zsh")):
            assert paste(demo, quote, shell) == priced
        placed = paste(demo, order)
        assert priced["codes"] == [
            {"code": "PROMO-001", "status": "applied", "promotion_id": promotion_id}
        ]
        assert (priced["total"], placed["total"]) == ("87.58", "87.58")
        counted = paste(demo, statistics)
        assert counted["promotion_uses"] == 2
        assert [row["coupon_uses"] for row in counted["coupons"]] == [2, 0]
        assert paste(demo, order) == placed
        assert paste(demo, statistics) == counted
        before = promotions(demo)
    with running_demo(tmp_path / "data", 0) as again:
        assert again.token != demo.token
        assert promotions(again) == before
        assert promotion_id in before
        signed_in = httpx.post(
            f"{again.address}/v1/login_check",
            json={"username": "demo", "password": "demo-password"},
            timeout=60,
        )
        assert signed_in.status_code == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="the lines need curl")
def test_a_demo_on_a_taken_port_takes_another_and_keeps_its_data_when_killed(
    prepared_data_dir: Path,
) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as occupied,
        running_demo(prepared_data_dir, occupied.getsockname()[1], stop=signal.SIGKILL) as killed,
    ):
        port = occupied.getsockname()[1]
        assert f"Port {port} is in use" in killed.text
        assert not killed.address.endswith(f":{port}")
        assert len(promotions(killed)) > 3
        create, _, order, statistics = killed.lines
        promotion_id = paste(killed, create)["id"]
        placed = paste(killed, order)
        counted = paste(killed, statistics)
    with running_demo(prepared_data_dir, 0) as demo:
        assert promotion_id in promotions(demo)
        again = statistics.replace(killed.address, demo.address)
        assert paste(demo, again) == counted
        kept = httpx.get(
            f"{demo.address}/checkout/v1/orders/{placed['order_id']}",
            headers={"Authorization": f"Bearer {demo.token}"},
            timeout=60,
        )
        assert kept.json() == placed
        for line in demo.lines:
            paste(demo, line)


def promotions(demo: Demo) -> list[int]:
    """The ids of all promotions of the demo's shop."""
    answer = httpx.get(
        f"{demo.address}/v1/promotion",
        headers={"AuthorizationJWT": f"Bearer {demo.token}"},
        timeout=60,
    )
    ids: list[int] = answer.json()["ids"]
    return ids
