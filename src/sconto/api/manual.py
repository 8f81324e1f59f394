"""The page at /docs, and the OpenAPI description that it shows."""

import asyncio
import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
_NEVER: Final = re.compile(r"q=0(\.0{0,3})?")


async def manual(request: Request) -> Response:
    """The page with Swagger UI; it loads nothing from other hosts."""
    require_operator(request)
    return await _pages_of(request).answer(request, "docs", _write_page)


async def description(request: Request) -> Response:
    """The OpenAPI description."""
    require_operator(request)
    return await _pages_of(request).answer(request, "description", _write_description)


@dataclass(frozen=True, slots=True)
class _Page:
    """An answer that never changes, plain and compressed."""

    headers: Mapping[str, str]
    plain: bytes
    compressed: bytes


class _Pages:
    """Cached pages: each worker makes each page once.

    They contain the prefix of a proxy, which is a setting of the server and never changes.
    """

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], asyncio.Task[_Page]] = {}

    async def answer(
        self, request: Request, name: str, write: Callable[[Request], Response]
    ) -> Response:
        """The page, compressed if the client accepts gzip."""
        key = (name, base_path_of(request.scope))
        if key not in self._written:
            # In a thread: it takes a tenth of a second. A client that disconnects does not stop it.
            self._written[key] = asyncio.create_task(in_thread(_make_page, write, request))
        page = await asyncio.shield(self._written[key])
        if not _takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(page.plain, headers=page.headers)
        return Response(page.compressed, headers={**page.headers, "Content-Encoding": "gzip"})


def _make_page(write: Callable[[Request], Response], request: Request) -> _Page:
    written = write(request)
    plain = bytes(written.body)
    headers = {**written.headers, "Vary": "Accept-Encoding"}
    del headers["content-length"]
    return _Page(headers, plain, gzip.compress(plain, mtime=0))


def _pages_of(request: Request) -> _Pages:
    state = request.app.state
    if not hasattr(state, "manual_pages"):
        state.manual_pages = _Pages()
    pages: _Pages = state.manual_pages
    return pages


def _takes_gzip(accepted: str) -> bool:
    """Whether `Accept-Encoding` names gzip without refusing it (`q=0`)."""
    for coding in accepted.lower().split(","):
        name, *parameters = (part.strip() for part in coding.split(";"))
        if name in ("gzip", "x-gzip"):
            return not any(_NEVER.fullmatch(parameter) for parameter in parameters)
    return False


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
    # Swagger UI as it was published, with its licence.
    Mount("/docs/assets", StaticFiles(directory=_FILES / "swagger-ui")),
)
