"""django-oscar for comparison: in its own environment, on the same PostgreSQL server.

The environment is created once from the hashed `peer/requirements.txt`, and kept in `build/peer`.
Its packages come from the package index that pip is set up for. The database is created for the
run, and dropped at its end.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from bench.loading import as_superuser
from bench.machine import pinned
from bench.servers import Server, free_port, serve
from bench.shop import PRODUCTS, Coupon, Discount, Shop, code_text
from bench.stage import Stage
from sconto.domain.money import PERCENT
from sconto.domain.schedule import PeriodState

_ROOT: Final = Path(__file__).parents[1]
_REQUIREMENTS: Final = Path(__file__).parent / "peer" / "requirements.txt"
_ENVIRONMENT: Final = _ROOT / "build" / "peer"
_INSTALLED: Final = _ENVIRONMENT / "installed.txt"
"""A copy of the requirements, written when all are installed."""

_DATABASE: Final = "bench_peer"
_INSTALL_TIMEOUT: Final = 300.0


class PeerUnavailable(Exception):
    """The peer cannot be installed or filled here. The message is the last line of its output."""


async def install_peer() -> None:
    """Create the peer's environment, unless it exists for these requirements."""
    wanted = _REQUIREMENTS.read_text()
    if _INSTALLED.is_file() and _INSTALLED.read_text() == wanted:
        return
    rmtree(_ENVIRONMENT, ignore_errors=True)
    await _run([sys.executable, "-m", "venv", str(_ENVIRONMENT)])
    command = [_program("python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    await _run([*command, "--require-hashes", "-r", str(_REQUIREMENTS)])
    _INSTALLED.write_text(wanted)


def peer_versions() -> str:
    """The peer's packages and their versions."""
    pinned_to = dict(re.findall(r"^([\w-]+)==([\d.]+)", _REQUIREMENTS.read_text(), re.MULTILINE))
    return ", ".join(f"{name} {pinned_to[name]}" for name in ("django-oscar", "django", "gunicorn"))


@asynccontextmanager
async def serve_peer(stage: Stage, shop: Shop) -> AsyncIterator[Server]:
    """Oscar with the shop's products, promotions and codes, on one worker of gunicorn."""
    await _execute(stage, f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
    await _execute(stage, f"CREATE DATABASE {_DATABASE} OWNER sconto")
    try:
        environment = {
            "BENCH_PEER_DATABASE_URL": urlsplit(stage.url)._replace(path=f"/{_DATABASE}").geturl(),
            "DJANGO_SETTINGS_MODULE": "bench.peer.settings",
            "PYTHONPATH": str(_ROOT),
        }
        fill = [_program("python"), "-m", "bench.peer.fill"]
        with pinned(stage.cores.service):
            await _run(fill, json.dumps(_describe(shop)).encode(), environment)
        await _execute(stage, "CHECKPOINT")
        port = free_port()
        # Only threaded workers of gunicorn keep connections open.
        options = f"--workers 1 --worker-class gthread --threads 1 --bind 127.0.0.1:{port}"
        options += " --keep-alive 75 --no-control-socket"
        command = [_program("gunicorn"), *options.split(), "bench.peer.wsgi:application"]
        async with serve(command, port, environment, stage.cores.service) as server:
            yield server
    finally:
        await _execute(stage, f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")


def _describe(shop: Shop) -> dict[str, object]:
    """The shop as `bench.peer.fill` reads it."""
    promotions = [
        *(_describe_discount(discount, _outdone(discount, shop)) for discount in shop.discounts),
        *(_describe_coupon(coupon) for coupon in shop.coupons),
    ]
    return {"products": PRODUCTS, "price": "19.99", "promotions": promotions}


def _outdone(discount: Discount, shop: Shop) -> bool:
    """Whether a later promotion on all products replaces this one everywhere."""
    now = datetime.now(UTC)
    return not discount.products and any(
        later.promotion_id > discount.promotion_id
        and later.active
        and not later.products
        and later.period.state(now) is PeriodState.RUNNING
        for later in shop.discounts
    )


def _describe_discount(discount: Discount, outdone: bool) -> dict[str, object]:
    start, end = discount.period.starts_at, discount.period.ends_at
    percent = discount.percent // PERCENT
    return {
        "percent": percent,
        "priority": 0 if outdone else percent,
        "products": discount.products,
        "active": discount.active,
        "starts_at": start.isoformat(),
        "ends_at": end and end.isoformat(),
        "codes": [],
    }


def _describe_coupon(coupon: Coupon) -> dict[str, object]:
    return {
        "percent": coupon.percent // PERCENT,
        "priority": coupon.percent // PERCENT,
        "products": coupon.products,
        "active": True,
        "starts_at": None,
        "ends_at": None,
        "codes": [code_text(coupon.first_code + place) for place in range(coupon.codes)],
    }


async def _execute(stage: Stage, statement: str) -> None:
    connection = await asyncpg.connect(as_superuser(stage.url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _run(
    command: list[str], sent: bytes = b"", environment: Mapping[str, str] | None = None
) -> None:
    """Run a command to its end. Raises PeerUnavailable if it fails or takes too long."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **(environment or {})}, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        _, said = await asyncio.wait_for(process.communicate(sent), _INSTALL_TIMEOUT)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise PeerUnavailable(f"{Path(command[0]).name} took too long") from None
    if process.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines()
        raise PeerUnavailable(lines[-1] if lines else f"ended with {process.returncode}")


def _program(name: str) -> str:
    return str(_ENVIRONMENT / "bin" / name)
