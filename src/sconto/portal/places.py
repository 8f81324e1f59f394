"""The place in the list of promotions that a person comes from, and is led back to."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from sconto.portal.session import set_cookie
from sconto.portal.visit import Visit

LIST: Final = "/promotions"

_COOKIE: Final = "sconto_list"
_SECONDS: Final = 24 * 3600
_QUERY: Final = re.compile(r"[A-Za-z0-9=&%._~+*-]{1,2000}")


def remember_list(visit: Visit, response: Response, query: Mapping[str, Any]) -> None:
    """Remember the filters and the page of the list that the response shows."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    set_cookie(visit.request, response, _COOKIE, urlencode(given), _SECONDS if given else 0)


def list_address(visit: Visit, promotion_id: int | None = None) -> str:
    """The list as the person saw it last, at the row of a promotion."""
    query = visit.request.cookies.get(_COOKIE, "")
    address = f"{LIST}?{query}" if _QUERY.fullmatch(query) else LIST
    return address if promotion_id is None else f"{address}#promotion-{promotion_id}"


def back_from_switch(visit: Visit, promotion_id: int, page: str) -> str:
    """The address after switching: the promotion's page if it was done there, else its row."""
    return page if visit.field("from") == "page" else list_address(visit, promotion_id)
