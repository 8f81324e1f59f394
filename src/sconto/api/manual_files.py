"""The manual at `/manual`: the pages that `make docs` builds from `docs/`."""

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from sconto.api import problem_json
from sconto.api.base_path import base_path_of
from sconto.api.plain_route import PlainRoute
from sconto.operations.turns import in_thread

ADDRESS: Final = "/manual"

FOLDER: Final = Path(__file__).with_name("static") / "manual"
"""Where the pages are, in the wheel and, once they are built, in a source checkout."""

_INLINE_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.S)

_NOT_BUILT: Final = """<!DOCTYPE html>
<html lang="en"><title>The manual is not built</title>
<h1>The manual is not built</h1>
<p>This Sconto runs from its source. Build the manual with <code>make docs</code>, and load this
page again. Until then, read the files in <code>docs/</code>.</p>
</html>
"""

_MISSING: Final = """<!DOCTYPE html>
<html lang="en"><title>No such page</title>
<h1>No such page</h1>
<p>The manual has no page at this address. <a href="{start}">Its first page</a></p>
</html>
"""


async def add_slash(request: Request) -> Response:
    """Add the slash, because the pages name each other relative to the folder."""
    return RedirectResponse(f"{base_path_of(request.scope)}{ADDRESS}/", 303)


class ManualFiles:
    """The pages, each with a policy that lets it load nothing from other hosts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = StaticFiles(directory=folder, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a page or a file of the manual."""
        scope["route"] = _SHOWN
        response = await self._answer(scope)
        response.headers["X-Content-Type-Options"] = "nosniff"
        await response(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return problem_json.answer_status(405, {"Allow": "GET, HEAD"})
        if not (self._folder / "index.html").is_file():
            return _page(_NOT_BUILT)
        path = self._files.get_path(scope)
        name = "index.html" if path == "." else path
        try:
            response = await self._files.get_response(name, scope)
        except HTTPException:
            return _page(_MISSING.format(start=f"{base_path_of(scope)}{ADDRESS}/"))
        if name.endswith(".html"):
            page = self._folder / name
            policy = await in_thread(_policy_for, page, page.stat().st_mtime_ns)
            response.headers["Content-Security-Policy"] = policy
        return response


def _page(text: str) -> Response:
    policy = "default-src 'none'; frame-ancestors 'none'"
    return HTMLResponse(text, 404, headers={"Content-Security-Policy": policy})


@lru_cache(maxsize=256)
def _policy_for(page: Path, changed: int) -> str:  # noqa: ARG001  # part of the cache's key
    """A policy that lets a page run its own scripts, search itself, and be in no frame."""
    scripts = _INLINE_SCRIPT.findall(page.read_text())
    digests = [base64.b64encode(hashlib.sha256(one.encode()).digest()) for one in scripts]
    allowed = " ".join(f"'sha256-{digest.decode()}'" for digest in digests)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {allowed}",
            # The search runs in a worker.
            "worker-src 'self'",
            # The theme sets inline styles.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


_SHOWN: Final = PlainRoute(f"{ADDRESS}/{{page}}", add_slash, methods=["GET", "HEAD"])
"""What the log and the figures call each page: one name, so that nobody invents more."""

ROUTES: Final = (
    PlainRoute(ADDRESS, add_slash, methods=["GET", "HEAD"]),
    Mount(ADDRESS, ManualFiles(FOLDER)),
)
