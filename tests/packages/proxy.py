"""The nginx of deploy/nginx.conf, on ports and certificates of the tests."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from tests.house.sources import ROOT
from tests.ports import free_port
from tests.services import wait_until

NGINX: Final = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")

_FRAME: Final = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
access_log off;
client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{servers}
}}
"""


@contextmanager
def nginx_before(service: str, folder: Path) -> Iterator[str]:
    """The address of a running nginx with TLS in front of a service at `host:port`."""
    assert NGINX is not None
    _make_certificate(folder)
    port = free_port()
    example = (ROOT / "deploy" / "nginx.conf").read_text()
    for written, here in (
        ("server 127.0.0.1:8000;", f"server {service};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/ssl/shop.example.pem", f"{folder}/certificate"),
        ("/etc/ssl/private/shop.example.key", f"{folder}/key"),
    ):
        assert example.count(written) == 1
        example = example.replace(written, here)
    configuration = folder / "nginx.conf"
    configuration.write_text(_FRAME.format(folder=folder, servers=example))
    running = subprocess.Popen([NGINX, "-p", str(folder), "-e", "stderr", "-c", configuration])
    try:
        url = f"https://127.0.0.1:{port}"
        wait_until(lambda: httpx.get(f"{url}/", verify=False).status_code == 404)
        yield url
    finally:
        running.terminate()
        running.wait(10)


def _make_certificate(folder: Path) -> None:
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "certificate")]
    subprocess.run(
        [*command.split(), "-subj", "/CN=shop.example", *files], check=True, capture_output=True
    )
