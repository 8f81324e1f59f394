"""Statistics of a promotion by day and code: our addition to the merchant API."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sconto.api.access import require
from sconto.api.context import context_of
from sconto.api.merchant.errors import fault, invalid_body
from sconto.api.merchant.ids import id_in_path
from sconto.api.plain_route import PlainRoute
from sconto.domain.money import format_amount
from sconto.domain.numbers import MAX_INT64, parse_id
from sconto.domain.people import Action
from sconto.domain.redemption_days import FIRST_PLACE, DailyQuery, DailyUses, UsesPlace
from sconto.operations.statistics import list_daily_uses

MAX_LISTED: Final = 10_000

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURSOR: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,19})\.(none|one-time|reusable)\.([A-Z]{3})"
)


async def get_daily_statistics(request: Request) -> Response:
    """Uses by day, code and currency. All one-time codes count together, with `coupon_code` null.

    Days that are more than 100 days ago are added up by month; their `date` is the month's first
    day.
    """
    caller = require(request, Action.READ_PROMOTIONS)
    context = context_of(request)
    promotion_id = id_in_path(request)
    query = _read_query(request.query_params.multi_items())
    today = context.now().astimezone(context.zone).date()
    found, more = await list_daily_uses(context.database, caller, promotion_id, query, today)
    cursor = ".".join(map(str, found[-1].place)) if more else None
    return JSONResponse({"days": [_write(one) for one in found], "next_cursor": cursor})


def _read_query(sent: Iterable[tuple[str, str]]) -> DailyQuery:
    """The query. Raises Refused with 11010 for each parameter that is not valid or unknown."""
    texts = dict(sent)
    limit = parse_id(texts.pop("limit", "1000"))
    bad = [] if limit is not None and limit <= MAX_LISTED else ["limit"]
    days: dict[str, date | None] = {}
    for name in ("date_from", "date_to"):
        text = texts.pop(name, None)
        days[name] = None if text is None else _read_day(text)
        if text is not None and days[name] is None:
            bad.append(name)
    text = texts.pop("cursor", None)
    after = FIRST_PLACE if text is None else _read_cursor(text)
    if after is None:
        bad.append("cursor")
    if bad or texts or limit is None or after is None:
        raise invalid_body(*(fault(11010, name) for name in [*bad, *texts]))
    return DailyQuery(limit, after, days["date_from"], days["date_to"])


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _read_cursor(text: str) -> UsesPlace | None:
    match = _CURSOR.fullmatch(text)
    day = None if match is None else _read_day(match[1])
    if match is None or day is None or int(match[2]) > MAX_INT64:
        return None
    return UsesPlace(day, int(match[2]), match[3], match[4])


def _write(uses: DailyUses) -> dict[str, object]:
    place = uses.place
    return {
        "date": place.day.isoformat(),
        "coupon_id": place.code_id or None,
        "coupon_code": uses.code,
        "coupon_type": None if place.code_type == "none" else place.code_type,
        "currency": place.currency,
        "uses": uses.applied_uses + uses.outdone_uses,
        "applied_uses": uses.applied_uses,
        "discount": format_amount(uses.discount, place.currency),
    }


ROUTES: Final = (
    PlainRoute(
        "/v1/promotion/{promotion_id}/statistics/daily", get_daily_statistics, methods=["GET"]
    ),
)
