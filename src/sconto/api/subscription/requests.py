"""Reads the parts of a request besides its fields: bodies, keys, ids and queries."""

from typing import Final

from starlette.requests import Request

from sconto.api.bodies import LIST, is_json, read_body, require_plain
from sconto.api.cursors import read_cursor
from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.subscription.errors import MergePatchExpected
from sconto.domain.blanks import trim
from sconto.domain.names import NAME_LENGTH, is_name
from sconto.domain.numbers import parse_id
from sconto.domain.problems import SubscriptionPromotionNotFound
from sconto.domain.subscription_promotion import SubscriptionQuery

MAX_ITEMS: Final = 100
ITEMS: Final = 20

_MERGE_PATCH: Final = "application/merge-patch+json"


async def read_patch(request: Request) -> bytes:
    """The body of a merge patch, not parsed yet.

    Raises MergePatchExpected, BodyEncoded and BodyTooLarge.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != _MERGE_PATCH and not is_json(request):
        raise MergePatchExpected
    require_plain(request)
    return await read_body(request, LIST)


def read_promotion_id(request: Request) -> int:
    """The id in the path. Raises SubscriptionPromotionNotFound if it is not valid."""
    text: str = request.path_params["promotionId"]
    promotion_id = parse_id(text)
    if promotion_id is None:
        raise SubscriptionPromotionNotFound(text)
    return promotion_id


def read_query(request: Request) -> tuple[SubscriptionQuery, str | None]:
    """Which promotions to list, and the cursor as it was sent. Raises InvalidFields."""
    parameters = request.query_params
    faults = []
    limit = parameters.get("limit", str(ITEMS))
    if not (limit.isascii() and limit.isdecimal() and len(limit) < 4 and int(limit) <= MAX_ITEMS):
        faults.append(FieldFault("limit", f"must be a whole number from 0 to {MAX_ITEMS}"))
    cursor = parameters.get("cursor") or None
    after = 0 if cursor is None else read_cursor(cursor, least=0)
    if after is None:
        faults.append(FieldFault("cursor", "must be the nextCursor of an earlier answer"))
    enabled = parameters.get("enabled")
    if enabled not in (None, "true", "false"):
        faults.append(FieldFault("enabled", "must be true or false"))
    for name, judged in (("code", trim), ("name", str)):
        if (text := parameters.get(name)) and not (
            len(text) <= NAME_LENGTH and is_name(judged(text))
        ):
            faults.append(FieldFault(name, "must be a text of at most 255 characters"))
    if faults or after is None:
        raise InvalidFields(faults)
    query = SubscriptionQuery(
        int(limit),
        after,
        parameters.get("code") or None,
        None if enabled is None else enabled == "true",
        parameters.get("name") or None,
    )
    return query, cursor
