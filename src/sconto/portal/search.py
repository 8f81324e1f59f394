"""Search from every page: live results while typing, and a page with all of them."""

from typing import Final

from starlette.responses import Response

from sconto.domain.overview import ListKind
from sconto.domain.people import Action
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.search import Found, read_search
from sconto.operations import search as operations
from sconto.portal.pages import Audience, read
from sconto.portal.places import promotion_page
from sconto.portal.sentences import TYPES_FOUND
from sconto.portal.visit import Visit

FOUND_ON_PAGE: Final = 20
"""Most things of each kind on the page."""

FOUND_WHILE_TYPING: Final = 5


async def show_page(visit: Visit) -> Response:
    """The results by kind."""
    return await _show(visit, "search/page.html", FOUND_ON_PAGE)


async def show_live(visit: Visit) -> Response:
    """The first few results, for the list below the field."""
    return await _show(visit, "search/live.html", FOUND_WHILE_TYPING)


async def _show(visit: Visit, template: str, limit: int) -> Response:
    wanted = read_search(visit.request.query_params.get("q", ""))
    found = Found()
    if wanted is not None:
        found = await operations.search(visit.context.database, visit.caller, wanted, limit)
    return visit.render(
        template,
        wanted=wanted,
        found=found,
        places=_places(visit),
        kinds=TYPES_FOUND,
        limit=limit,
        page_of=page_of,
        may_try=visit.caller.may(Action.READ_PROMOTIONS),
    )


def page_of(promotion_id: int, kind: ListKind) -> str:
    """The address of a promotion."""
    is_cart = kind is ListKind.CART
    return promotion_page(PromotionKind.CART if is_cart else PromotionKind.PRODUCT, promotion_id)


def _places(visit: Visit) -> str:
    """What is searched, as far as the user may see it."""
    _ = visit.gettext
    caller = visit.caller
    names = [
        (Action.READ_PROMOTIONS, _("names of promotions")),
        (Action.READ_PROMOTIONS, _("codes")),
        (Action.READ_ORDERS, _("order ids")),
        (Action.READ_PRODUCTS, _("names and ids of products")),
    ]
    return ", ".join(name for action, name in names if caller.may(action))


PAGES: Final = (
    read("/search", show_page, Audience.SIGNED_IN),
    read("/search/live", show_live, Audience.SIGNED_IN),
)
