"""Promotion ids as sent in a path or in a body."""

from starlette.requests import Request

from sconto.api.merchant.errors import promotion_not_found
from sconto.domain.numbers import parse_id


def id_in_path(request: Request) -> int:
    """The id in the path. Raises what `find_id` raises."""
    return find_id(request.path_params["promotion_id"])


def find_id(text: str) -> int:
    """The id that was sent.

    Raises Refused (404 / 11200, with the text as sent) if no promotion can have it, as for an id
    that is unknown.
    """
    promotion_id = parse_id(text)
    if promotion_id is None:
        raise promotion_not_found(text)
    return promotion_id
