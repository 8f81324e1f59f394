"""The description passes a linter, and a TypeScript client generated from it prices a cart."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.trust.manuals import DOCS

FOLDER: Final = DOCS.parent / "clients" / "typescript"
PACKAGES: Final = FOLDER / "node_modules"


async def run(*command: str | Path, folder: Path, **settings: str) -> str:
    """What a program prints; it must succeed."""
    assert PACKAGES.exists(), "run `make typescript`"
    quiet = {"REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}

    def wait() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            list(map(str, command)),
            cwd=folder,
            env={**os.environ, **quiet, **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    done = await asyncio.to_thread(wait)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the example and the packages."""
    for name in ("example.ts", "tsconfig.json", "package.json", "redocly.yaml"):
        shutil.copy(FOLDER / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    return tmp_path


@pytest.fixture
async def description(address: str, folder: Path) -> Path:
    """The description as the service sends it."""
    file = folder / "openapi.json"
    async with httpx.AsyncClient() as client:
        file.write_bytes((await client.get(f"{address}/openapi.json")).content)
    return file


async def test_a_linter_finds_nothing_in_the_description(folder: Path, description: Path) -> None:
    lint = (PACKAGES / ".bin" / "redocly", "lint", description, "--format", "json")
    found = json.loads(await run(*lint, folder=folder))
    assert found["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}


async def test_a_generated_client_compiles_strictly_and_prices_a_cart(
    folder: Path,
    description: Path,
    address: str,
    database: Database,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    ten = a_promotion(coverage=AllProducts(10 * PERCENT), codes=("WELCOME10",))
    await create_promotion(database, merchant, ten, NOON)
    generate = (PACKAGES / ".bin" / "openapi-typescript", description, "-o", "sconto.d.ts")
    await run(*generate, folder=folder)
    await run(PACKAGES / "tsc7" / "bin" / "tsc", "--strict", folder=folder)
    token = bearer(merchant)["AuthorizationJWT"].removeprefix("Bearer ")
    settings = {"SCONTO_URL": address, "SCONTO_TOKEN": token}
    printed = await run("node", "build/example.js", folder=folder, **settings)
    assert printed.splitlines() == [
        "The cart costs 35.98: applied",
        "While the shopper pays, 35.98 is held",
        "It costs 35.98, not 1.00",
    ]


def test_the_lock_has_a_hash_of_each_package_and_no_address() -> None:
    lock: dict[str, dict[str, Any]] = json.loads((FOLDER / "package-lock.json").read_text())
    packages = {name: found for name, found in lock["packages"].items() if name}
    assert len(packages) > 10
    assert [
        name
        for name, found in packages.items()
        if "resolved" in found or not found["integrity"].startswith("sha512-")
    ] == []


def test_the_manual_shows_the_example() -> None:
    text = (FOLDER / "example.ts").read_text()
    assert f"```ts\n{text}```" in (DOCS / "clients.md").read_text()
