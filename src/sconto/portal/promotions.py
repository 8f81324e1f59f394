"""Promotions: the list, and what can be done from it."""

from typing import Final

from starlette.responses import Response

from sconto.domain.people import Action
from sconto.portal.pages import read
from sconto.portal.visit import Visit


async def show_list(visit: Visit) -> Response:
    """The merchant's promotions."""
    return visit.render("promotions/list.html")


PAGES: Final = (read("/promotions", show_list, Action.READ_PROMOTIONS),)
