"""The audit of the pinned packages, with advisory services that answer, refuse or stay silent."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.house.sources import ROOT

LOCK = ROOT / "requirements" / "run.txt"
PACKAGE = "starlette"


class Advisories(BaseHTTPRequestHandler):
    """Answers in the format of osv.dev; the packages in `known` have a vulnerability."""

    known: tuple[str, ...] = ()

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = query["package"]["name"] in self.known
        answer = json.dumps({"vulns": [VULNERABILITY]} if found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


class AdvisoriesWithVulnerability(Advisories):
    """Knows a vulnerability."""

    known = (PACKAGE,)


VULNERABILITY = {
    "id": "PYSEC-2026-1",
    "summary": "A header may be split",
    "aliases": [],
    "affected": [{"package": {"name": PACKAGE, "ecosystem": "PyPI"}, "ranges": []}],
}


@contextmanager
def serving(advisories: type[Advisories]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), advisories)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def audit(service: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/audit.py", str(LOCK), "-s", "osv", "--osv-url", service, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_package_with_a_known_vulnerability_fails() -> None:
    with serving(AdvisoriesWithVulnerability) as service:
        run = audit(service)
    assert run.returncode == 1
    assert re.search(rf"{PACKAGE} +\S+ +PYSEC-2026-1", run.stdout)


def test_packages_without_a_known_vulnerability_pass() -> None:
    with serving(Advisories) as service:
        run = audit(service)
    assert (run.returncode, run.stdout) == (0, "No known vulnerabilities found\n")


@pytest.mark.parametrize("listens", [False, True], ids=["refuses", "says nothing"])
def test_an_unreachable_advisory_service_is_reported_in_one_line(listens: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        if not listens:
            silent.close()
        began = time.monotonic()
        run = audit(f"http://127.0.0.1:{port}/query", "--timeout", "1")
    assert time.monotonic() - began < 20
    assert run.returncode == 0
    assert re.fullmatch(r"Vulnerabilities were not looked for: .+\n", run.stdout)
    assert run.stderr == ""


def test_make_lint_asks_for_vulnerabilities() -> None:
    rules = (ROOT / "Makefile").read_text()
    lint = rules.partition("\nlint:")[2].partition("\n\n")[0]
    assert "tools/audit.py requirements/run.txt" in lint
