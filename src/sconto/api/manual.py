"""What people read of the formats: the page at /docs, and the OpenAPI description behind it."""

from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

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


class DescribedApp(FastAPI):
    """An application whose description says which addresses take a token."""

    def openapi(self) -> dict[str, Any]:
        """The description of all formats."""
        description = super().openapi()
        description["components"]["securitySchemes"] = _TOKENS
        description["security"] = [{name: []} for name in _TOKENS]
        for path in _FOR_EVERYBODY:
            for operation in description["paths"][path].values():
                operation["security"] = []
        return description
