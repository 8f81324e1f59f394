"""The number of rows on a page of a list: what the person chose last."""

from typing import Final

from starlette.responses import Response

from sconto.portal.session import set_cookie
from sconto.portal.visit import Visit

PAGE_SIZES: Final = {"25": "25", "50": "50", "100": "100"}

_COOKIE: Final = "sconto_rows"
_SECONDS: Final = 365 * 24 * 3600


def page_size(visit: Visit) -> int:
    """The rows of a page: those of the address, otherwise those that were chosen last."""
    for text in (visit.query("rows"), visit.request.cookies.get(_COOKIE, "")):
        if text in PAGE_SIZES:
            return int(text)
    return int(next(iter(PAGE_SIZES)))


def remember_page_size(visit: Visit, response: Response, rows: int) -> None:
    """Store the rows of the address for the next list."""
    if visit.query("rows") == str(rows):
        set_cookie(visit.request, response, _COOKIE, str(rows), _SECONDS)
