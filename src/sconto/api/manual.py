"""The page at /docs, and the OpenAPI description that it shows."""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from sconto import __version__
from sconto.api.base_path import base_path_of
from sconto.api.operator import require_operator
from sconto.api.plain_route import PlainRoute
from sconto.operations.turns import in_thread

_FILES: Final = Path(__file__).with_name("static")

_INLINE_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.S)


async def manual(request: Request) -> Response:
    """The page with Swagger UI; it loads nothing from other hosts."""
    require_operator(request)
    return await _pages_of(request).answer(request, "docs", _write_page)


async def description(request: Request) -> Response:
    """The OpenAPI description."""
    require_operator(request)
    return await _pages_of(request).answer(request, "description", _write_description)


class _Pages:
    """Cached pages: each worker makes each page once.

    They contain the prefix of a proxy, which is a setting of the server and never changes.
    """

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], asyncio.Task[Response]] = {}

    async def answer(
        self, request: Request, name: str, write: Callable[[Request], Response]
    ) -> Response:
        """The page."""
        key = (name, base_path_of(request.scope))
        if key not in self._written:
            # In a thread: it takes a tenth of a second. A client that disconnects does not stop it.
            self._written[key] = asyncio.create_task(in_thread(write, request))
        written = await asyncio.shield(self._written[key])
        # A separate copy, because middleware changes the headers of what it sends.
        return Response(written.body, headers=written.headers)


def _pages_of(request: Request) -> _Pages:
    state = request.app.state
    if not hasattr(state, "manual_pages"):
        state.manual_pages = _Pages()
    pages: _Pages = state.manual_pages
    return pages


def _write_page(request: Request) -> Response:
    page = (_FILES / "docs.html").read_text().replace("{root}", base_path_of(request.scope))
    return HTMLResponse(page, headers={"Content-Security-Policy": _policy_for(page)})


def _write_description(request: Request) -> Response:
    description = json.loads((_FILES / "openapi.json").read_bytes())
    description["info"]["version"] = __version__
    if root := base_path_of(request.scope):
        description["servers"] = [{"url": root}]
    return JSONResponse(description)


def _policy_for(page: str) -> str:
    """A policy that lets the page run its own script, send requests to us, and be in no frame."""
    script = _INLINE_SCRIPT.findall(page)[-1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'sha256-{digest}'",
            # Swagger UI sets inline styles and draws icons from data: URLs.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


ROUTES: Final = (
    PlainRoute("/docs", manual, methods=["GET", "HEAD"]),
    PlainRoute("/openapi.json", description, methods=["GET", "HEAD"]),
    # Our additions.
    Mount("/docs/page", StaticFiles(directory=_FILES / "docs")),
    # Swagger UI as it was published, with its licence.
    Mount("/docs/assets", StaticFiles(directory=_FILES / "swagger-ui")),
)
