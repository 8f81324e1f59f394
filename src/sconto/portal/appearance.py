"""How the portal looks in this browser."""

from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response

from sconto.portal.pages import Audience, write
from sconto.portal.theme import keep_theme, theme_named
from sconto.portal.visit import Visit


async def choose_theme(visit: Visit) -> Response:
    """Store the chosen theme, and show the page again on which it was chosen."""
    response = visit.redirect(_page_before(visit))
    keep_theme(visit.request, response, theme_named(visit.field("theme")))
    return response


def _page_before(visit: Visit) -> str:
    """The page that the browser comes from; the home page if it does not say."""
    try:
        came_from = urlsplit(visit.request.headers.get("referer", ""))
    except ValueError:
        return "/"
    portal = visit.request.scope["root_path"]
    if not came_from.path.startswith(f"{portal}/"):
        return "/"
    query = came_from.query
    return f"{came_from.path.removeprefix(portal)}{'?' * bool(query)}{query}"


PAGES: Final = (write("/theme", choose_theme, Audience.SIGNED_IN),)
