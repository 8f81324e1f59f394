"""The place in the list of promotions that a person comes from, and returns to."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from sconto.domain.promotion_kind import PromotionKind
from sconto.portal.notices import Notice
from sconto.portal.session import set_cookie
from sconto.portal.visit import LIST_COOKIE, Visit

_SECONDS: Final = 24 * 3600

_ROOTS: Final = {
    PromotionKind.PRODUCT: "/promotions",
    PromotionKind.CART: "/cart-promotions",
    PromotionKind.SUBSCRIPTION: "/subscriptions",
}


def promotion_page(kind: PromotionKind, promotion_id: int) -> str:
    """The page of a promotion."""
    return f"{_ROOTS[kind]}/{promotion_id}"


def remember_list(visit: Visit, response: Response, query: Mapping[str, Any]) -> None:
    """Store the filters and the page of the list that the response shows."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    set_cookie(visit.request, response, LIST_COOKIE, urlencode(given), _SECONDS if given else 0)


def list_address(visit: Visit, promotion_id: int | None = None) -> str:
    """The list as the person saw it last, at the row of a promotion."""
    address = visit.promotion_list
    return address if promotion_id is None else f"{address}#promotion-{promotion_id}"


def back_from_switch(visit: Visit, promotion_id: int, page: str) -> str:
    """The address after switching: the promotion's page if it was done there, otherwise its row."""
    return page if visit.field("from") == "page" else list_address(visit, promotion_id)


def back_from_restoring(visit: Visit, promotion_id: int, page: str) -> Response:
    """Go back after restoring: to the promotion's page from the deleted ones, else to its row."""
    back = page if visit.field("from") == "deleted" else list_address(visit, promotion_id)
    return visit.redirect(back, Notice(visit.gettext("The promotion is restored.")))
