"""The page at /docs: all formats, to read and to try, from our own files alone."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

_ASSETS: Final = "/docs/assets"

router: Final = APIRouter(include_in_schema=False)

assets: Final = Mount(
    _ASSETS, StaticFiles(directory=Path(__file__).with_name("static") / "swagger-ui")
)
"""Swagger UI as it was published, with its licence."""


@router.get("/docs")
async def manual(request: Request) -> Response:
    """The page; it asks no other machine for anything, not even to validate the description."""
    root = str(request.scope.get("root_path", "")).rstrip("/")
    return get_swagger_ui_html(
        openapi_url=f"{root}{request.app.openapi_url}",
        title=request.app.title,
        swagger_js_url=f"{root}{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{root}{_ASSETS}/favicon-32x32.png",
        swagger_ui_parameters={"validatorUrl": None, "persistAuthorization": True},
    )
