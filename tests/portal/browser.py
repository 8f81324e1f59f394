"""Start Chromium, check a page with axe, and take pictures of it."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.house.sources import ROOT

PICTURES: Final = ROOT / "build" / "screenshots"

NARROW: Final = 360
MIDDLE: Final = 768
WIDE: Final = 1280

_EVERY_LOOK: Final = "EVERY_LOOK" in os.environ
_Look = tuple[int, Literal["light", "dark"]]
_LOOKS: Final[Sequence[_Look]] = ((WIDE, "light"), (NARROW, "dark"))
_ALL_LOOKS: Final = (
    *_LOOKS,
    (WIDE, "dark"),
    (NARROW, "light"),
    (MIDDLE, "light"),
    (MIDDLE, "dark"),
)

_RULES_OF_LOOKS: Final = ("color-contrast", "link-in-text-block", "scrollable-region-focusable")
"""What axe can find in one theme or at one width only."""

_NEVER_SERIOUS: Final = (
    *("aria-allowed-role", "empty-heading", "empty-table-header", "heading-order", "region"),
    *("landmark-banner-is-top-level", "landmark-contentinfo-is-top-level", "landmark-unique"),
    *("landmark-main-is-top-level", "landmark-no-duplicate-banner", "landmark-one-main"),
    *("landmark-no-duplicate-contentinfo", "landmark-no-duplicate-main", "page-has-heading-one"),
    *("presentation-role-conflict", "scope-attr-valid", "skip-link", "table-duplicate-name"),
)
"""Rules whose findings are moderate at most; looking for them takes an eighth of the time."""

_FRAME: Final = ("header.bar", "nav.rail", "nav.bottom", "footer.foot")
"""What is the same on every page of the portal."""

_AXE: Final = Path(__file__).with_name("vendor") / "axe" / "axe.min.js"

# In containers it runs as root and without a display. It must not contact other machines.
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page ends before what V8 would optimise is used: a twentieth of the time.
    "--js-flags=--no-opt",
)


_NO_COMPLAINTS: Final = (
    # The console reports the status of a refused form.
    "Failed to load resource",
    # htmx reports that a session has ended; the page says so.
    "Response Status Error Code 401",
    # A newer search cancels an older one.
    "htmx:afterRequest",
    "htmx:sendAbort",
    # A search without a connection; the page says so.
    "htmx:sendError",
    # Swagger UI says so of every link to an operation.
    "Deprecated: escaping deep link whitespace",
)

_MISFITS: Final = """
[document.documentElement.scrollWidth - document.documentElement.clientWidth,
[...document.querySelectorAll("button, input, select, textarea, summary, [role=button]")]
.filter((one) => one.checkVisibility({visibilityProperty: true}) && one.offsetLeft >= 0)
.filter((one) => !["checkbox", "radio", "hidden"].includes(one.type))
.map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
.filter(([, box]) => box.right > 0 && (box.width < 43.9 || box.height < 43.9))
.map(([what, box]) => `${what} ${box.width} x ${box.height}`)]
"""
"""By how many pixels the page is wider than the screen, and controls smaller than 44 pixels."""


@asynccontextmanager
async def started() -> AsyncIterator[Browser]:
    """Start the system's Chromium, if possible the headless one; without one tests fail."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert path is not None, "no chromium: `make test` installs it, or tools/ensure-package does"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        await browser.close()


class Complaints:
    """Errors that the browser reported on a page: failed scripts, blocked content."""

    def __init__(self, page: Page) -> None:
        self._found: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self._found.append(str(error)))

    def take(self) -> list[str]:
        """The errors since this was last called."""
        found, self._found = self._found, []
        return found

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_NO_COMPLAINTS):
            self._found.append(message.text)


async def show(page: Page, name: str, *, like: str | None = None, frame: bool = False) -> None:
    """Check the page with axe at its widths and in both themes, and that it fits.

    The page is 1280 pixels wide and light, before and afterwards. Two of six combinations prove
    it, the second with the rules that a look can break. For the same page in another state, `like`
    names the state that was shown so; then the first is enough. Axe looks at the `frame` of a page
    (menus, search, footer) where a test asks for it, because all pages have the same.
    `EVERY_LOOK=1` checks all rules and whole pages in all combinations, 768 pixels too, and takes
    pictures.
    """
    await page.wait_for_load_state()
    without = () if frame or _EVERY_LOOK else _FRAME
    look = _LOOKS[0]
    for width, theme in _ALL_LOOKS if _EVERY_LOOK else _LOOKS[: 1 if like else 2]:
        await _change_look(page, look, (width, theme))
        look = width, theme
        if _EVERY_LOOK:
            PICTURES.mkdir(parents=True, exist_ok=True)
            await page.screenshot(path=PICTURES / f"{name}-{width}-{theme}.png", full_page=True)
        rules = () if _EVERY_LOOK or look == _LOOKS[0] else _RULES_OF_LOOKS
        found = await axe_findings(page, rules=rules, without=without)
        assert found == [], f"{name} at {width}, {theme}"
        # A page that is wider than the screen must be scrolled sideways.
        too_wide, small = await page.evaluate(_MISFITS)
        assert too_wide <= 0, f"{name} is wider than {width}"
        assert width != NARROW or small == [], f"too small for a finger on {name}: {small}"
    await _change_look(page, look, _LOOKS[0])


async def _change_look(page: Page, look: _Look, new: _Look) -> None:
    """Change what differs, together: each change alone would lay the page out again."""
    changes: list[Awaitable[None]] = []
    if look[0] != new[0]:
        changes.append(page.set_viewport_size({"width": new[0], "height": 800}))
    if look[1] != new[1]:
        changes.append(page.emulate_media(color_scheme=new[1]))
    await asyncio.gather(*changes)


async def axe_findings(
    page: Page, *within: str, rules: Sequence[str] = (), without: Sequence[str] = ()
) -> list[str]:
    """The serious and critical findings of axe, with their places; of the whole page, or of parts.

    Parts are given as selectors; axe refuses a selector of `within` that matches nothing. No
    `rules` are all.
    """
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = rules
    else:
        options["rules"] = {rule: {"enabled": False} for rule in _NEVER_SERIOUS}
    context = {"include": within or ("html",), "exclude": without}
    if await page.evaluate("typeof axe") == "undefined":
        await page.evaluate(_AXE.read_text())
    # Without `resultTypes` axe also describes everything that is right: four times the work.
    violations: list[dict[str, Any]] = await page.evaluate(
        "([context, options]) => axe.run(context, options).then((result) => result.violations)",
        [context, options],
    )
    return [
        f"{found['id']}: {json.dumps([node['html'][:120] for node in found['nodes']])}"
        for found in violations
        if found["impact"] in ("serious", "critical")
    ]
