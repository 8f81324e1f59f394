"""What people read of the formats: the page at /docs, and the OpenAPI description behind it."""

import asyncio
import base64
import gzip
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from sconto import __version__
from sconto.api.operator import require_operator
from sconto.api.plain_route import PlainRoute
from sconto.operations.turns import in_thread

_TITLE: Final = "Sconto"
_ASSETS: Final = "/docs/assets"

_TOKENS: Final = {
    "Authorization": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of POST /v1/login_check.",
    },
    "AuthorizationJWT": {
        "type": "apiKey",
        "in": "header",
        "name": "AuthorizationJWT",
        "description": "The same as published: `Bearer <token>`. It counts where both are sent.",
    },
}

_FOR_EVERYBODY: Final = ("/v1/login_check", "/health/live", "/health/ready", "/metrics")

_DESCRIPTION: Final = "/openapi.json"

_INLINE_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.S)
_NEVER: Final = re.compile(r"q=0(\.0{0,3})?")

router: Final = APIRouter(include_in_schema=False, route_class=PlainRoute)

assets: Final = Mount(
    _ASSETS, StaticFiles(directory=Path(__file__).with_name("static") / "swagger-ui")
)
"""Swagger UI as it was published, with its licence."""


@router.head("/docs")
@router.get("/docs")
async def manual(request: Request) -> Response:
    """The page; it asks no other machine for anything, not even to validate the description."""
    require_operator(request)
    return await _pages_of(request).answer(request, "docs", _write_page)


@router.head(_DESCRIPTION)
@router.get(_DESCRIPTION)
async def description(request: Request) -> Response:
    """The formats for machines."""
    require_operator(request)
    return await _pages_of(request).answer(request, "description", _write_description)


@dataclass(frozen=True, slots=True)
class _Page:
    """An answer that is always the same, plain and compressed."""

    headers: Mapping[str, str]
    plain: bytes
    compressed: bytes


class _Pages:
    """What was written already: each page once in a worker, and not for each request.

    A proxy's prefix is in them; it is a setting of the server, so there is one of them.
    """

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], asyncio.Task[_Page]] = {}

    async def answer(
        self, request: Request, name: str, write: Callable[[Request], Response]
    ) -> Response:
        """The page, compressed for a client that accepts it so."""
        key = (name, _root_of(request))
        if key not in self._written:
            # In a thread: a tenth of a second. A client that goes away does not stop it.
            self._written[key] = asyncio.create_task(in_thread(_keep, write, request))
        page = await asyncio.shield(self._written[key])
        if not _takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(page.plain, headers=page.headers)
        return Response(page.compressed, headers={**page.headers, "Content-Encoding": "gzip"})


def _keep(write: Callable[[Request], Response], request: Request) -> _Page:
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
    """Whether `Accept-Encoding` names gzip, and not as what is refused (`q=0`)."""
    for coding in accepted.lower().split(","):
        name, *parameters = (part.strip() for part in coding.split(";"))
        if name in ("gzip", "x-gzip"):
            return not any(_NEVER.fullmatch(parameter) for parameter in parameters)
    return False


def _write_page(request: Request) -> Response:
    root = _root_of(request)
    page = get_swagger_ui_html(
        openapi_url=f"{root}{_DESCRIPTION}",
        title=_TITLE,
        swagger_js_url=f"{root}{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{root}{_ASSETS}/favicon-32x32.png",
        swagger_ui_parameters={"validatorUrl": None, "persistAuthorization": True},
    )
    page.headers["Content-Security-Policy"] = _policy_for(bytes(page.body).decode())
    return page


def _write_description(request: Request) -> Response:
    root = _root_of(request)
    servers = [{"url": root}] if root else None
    return JSONResponse(_describe(request.app.routes, servers))


def _policy_for(page: str) -> str:
    """What the page may do: run its own script, ask us, and stand in no frame."""
    script = _INLINE_SCRIPT.findall(page)[-1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'sha256-{digest}'",
            # Swagger UI writes styles into its elements, and draws marks from data: addresses.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def _root_of(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


def _describe(
    routes: Sequence[BaseRoute], servers: list[dict[str, str | Any]] | None
) -> dict[str, Any]:
    """The description of all formats, which says too which addresses take a token."""
    described = get_openapi(
        title=_TITLE,
        version=__version__,
        description="Promotions, codes and discounts, counted exactly.",
        routes=routes,
        servers=servers,
    )
    described["components"]["securitySchemes"] = _TOKENS
    described["security"] = [{name: []} for name in _TOKENS]
    for path in _FOR_EVERYBODY:
        for operation in described["paths"][path].values():
            operation["security"] = []
    return described
