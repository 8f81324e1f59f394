"""A real Chromium: how it is started, asked about a page, and made to take pictures."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.house.sources import ROOT

PICTURES: Final = ROOT / "build" / "screenshots"

NARROW: Final = 360
WIDE: Final = 1280

_AXE: Final = Path(__file__).with_name("vendor") / "axe" / "axe.min.js"

# It runs as root in containers, has no display there, and is to ask no other machine for anything.
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


_NO_COMPLAINTS: Final = (
    # A refused form is answered with its status, which the console tells as well.
    "Failed to load resource",
    # A search that a newer one has overtaken.
    "htmx:afterRequest",
    "htmx:sendAbort",
)


@asynccontextmanager
async def started() -> AsyncIterator[Browser]:
    """The system's Chromium; without one the tests fail rather than pass by."""
    path = shutil.which("chromium")
    assert path is not None, "no chromium: `make test` installs it, or tools/ensure-package does"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        await browser.close()


class Complaints:
    """What the browser complained about on a page: scripts that failed, headers that forbade."""

    def __init__(self, page: Page) -> None:
        self.found: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.found.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_NO_COMPLAINTS):
            self.found.append(message.text)


async def show(page: Page, name: str) -> None:
    """Take pictures at both widths and in both themes, and let axe look at each."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for width in (WIDE, NARROW):
        await page.set_viewport_size({"width": width, "height": 800})
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme="light" if theme == "light" else "dark")
            await page.wait_for_load_state("networkidle")
            await page.screenshot(path=PICTURES / f"{name}-{width}-{theme}.png", full_page=True)
            assert await axe_findings(page) == [], f"{name} at {width}, {theme}"
        # A page that is wider than the screen has to be pushed about to be read.
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(overflow) <= 0, f"{name} is wider than {width}"
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": WIDE, "height": 800})


async def axe_findings(page: Page) -> list[str]:
    """What axe finds that is serious or worse, with the places."""
    await page.evaluate(_AXE.read_text())
    result: dict[str, Any] = await page.evaluate("axe.run(document)")
    return [
        f"{found['id']}: {json.dumps([node['html'][:120] for node in found['nodes']])}"
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
    ]
