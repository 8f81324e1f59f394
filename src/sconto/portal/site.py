"""The portal as an application of its own: its pages, files, error pages and headers."""

from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sconto.portal import (
    carts,
    codes,
    orders,
    people,
    promotion,
    promotion_form,
    promotions,
    sign_in,
    subscription,
    subscription_form,
    subscriptions,
)
from sconto.portal.errors import BY_CLASS
from sconto.portal.headers import Headers
from sconto.portal.pages import ADDRESS

PAGES: Final = (
    *sign_in.PAGES,
    *promotion_form.PAGES,
    *promotions.PAGES,
    *promotion.PAGES,
    *codes.PAGES,
    *subscription_form.PAGES,
    *subscriptions.PAGES,
    *subscription.PAGES,
    *carts.PAGES,
    *orders.PAGES,
    *people.PAGES,
)

_FILES: Final = Mount("/static", StaticFiles(directory=Path(__file__).with_name("static")))


def portal_routes(state: State) -> list[BaseRoute]:
    """The portal's routes in an application with this state, whose `context` the pages use."""
    site = Starlette(
        routes=[*PAGES, _FILES],
        middleware=[Middleware(Headers)],
        exception_handlers=dict(BY_CLASS),
    )
    site.state = state
    return [Route(ADDRESS, _add_slash), Mount(ADDRESS, site)]


async def _add_slash(request: Request) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}{ADDRESS}/", 303)
