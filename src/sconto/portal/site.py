"""The portal: its pages, files, error pages and headers."""

from typing import Final

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router

from sconto.portal import (
    account,
    api_keys,
    appearance,
    audit,
    backtests,
    builder,
    cart_promotions,
    carts,
    code_uploads,
    codes,
    covered_products,
    developers,
    exports,
    home,
    order_explanations,
    orders,
    password_links,
    people,
    product_uploads,
    promotion,
    promotion_bulk,
    promotion_calendar,
    promotions,
    reports,
    returns,
    search,
    settings,
    sign_in,
    single_sign_on,
    statistics,
    subscription,
    subscription_form,
    subscriptions,
    two_factor,
    webhooks,
)
from sconto.portal.errors import BY_CLASS
from sconto.portal.files import file_routes
from sconto.portal.headers import Headers
from sconto.portal.kept_forms import kept_page
from sconto.portal.pages import ADDRESS

PAGES: Final = (
    *sign_in.PAGES,
    *single_sign_on.PAGES,
    *backtests.PAGES,
    *builder.PAGES,
    *promotion_bulk.PAGES,
    *promotions.PAGES,
    *promotion.PAGES,
    *statistics.PAGES,
    *reports.PAGES,
    *codes.PAGES,
    *covered_products.PAGES,
    *code_uploads.PAGES,
    *product_uploads.PAGES,
    *subscription_form.PAGES,
    *subscriptions.PAGES,
    *subscription.PAGES,
    *cart_promotions.PAGES,
    *carts.PAGES,
    *orders.PAGES,
    *order_explanations.PAGES,
    *returns.PAGES,
    *exports.PAGES,
    *search.PAGES,
    *people.PAGES,
    *account.PAGES,
    *two_factor.PAGES,
    *settings.PAGES,
    *audit.PAGES,
    *webhooks.PAGES,
    *password_links.PAGES,
    *api_keys.PAGES,
    *appearance.PAGES,
    *developers.PAGES,
    *home.PAGES,
    *promotion_calendar.PAGES,
)


def portal_routes() -> list[BaseRoute]:
    """The portal's routes, for an application whose state has the pages' `context`.

    Unexpected exceptions reach the application, which logs and answers them once.
    """
    site = Headers(
        ExceptionMiddleware(Router([*PAGES, kept_page(PAGES), file_routes()]), dict(BY_CLASS))
    )
    return [Route("/", _to_portal), Route(ADDRESS, _to_portal), Mount(ADDRESS, site)]


async def _to_portal(request: Request) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}{ADDRESS}/", 303)
