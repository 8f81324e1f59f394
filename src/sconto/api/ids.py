"""Ids as texts, in a path, a query or a body."""

import re
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from sconto.domain.numbers import parse_id
from sconto.domain.product import HIGHEST_PRODUCT_ID

PRODUCT_ID_RULE: Final = f"must be a whole number from 1 to {HIGHEST_PRODUCT_ID}"

_POSITIVE: Final = re.compile(r"[1-9][0-9]*")


def is_id(text: str) -> bool:
    """Whether the text is a positive integer of any size."""
    return _POSITIVE.fullmatch(text) is not None


def id_in_path(request: Request, name: str) -> int:
    """The id in the path; raises 404 if it is not valid."""
    found = parse_id(request.path_params[name])
    if found is None:
        raise HTTPException(404)
    return found
