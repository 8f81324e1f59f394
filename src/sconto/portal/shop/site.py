"""The shop: its pages, files and headers, and its address."""

from typing import Final

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router

from sconto.portal.files import file_routes
from sconto.portal.headers import Headers
from sconto.portal.shop import PASSWORD, USER
from sconto.portal.shop.pages import shop_pages
from sconto.portal.shop.till import Till

ADDRESS: Final = "/shop"


def demo_routes() -> list[BaseRoute]:
    """The routes of the demo's shop."""
    return shop_routes(Till(USER, PASSWORD))


def shop_routes(till: Till) -> list[BaseRoute]:
    """The routes of a shop that calls Sconto through this till."""
    site = Headers(ExceptionMiddleware(Router([file_routes(), *shop_pages(till)])))
    return [Route(ADDRESS, _add_slash), Mount(ADDRESS, site)]


async def _add_slash(request: Request) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{request.scope.get('root_path', '')}{ADDRESS}/{query}", 303)
