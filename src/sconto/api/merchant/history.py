"""The history of a promotion: who changed what and when, with the merchant API's field names."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sconto.api.access import require
from sconto.api.context import context_of
from sconto.api.merchant.errors import fault, invalid_body
from sconto.api.merchant.ids import id_in_path
from sconto.api.merchant.instants import format_instant, no_end
from sconto.api.plain_route import PlainRoute
from sconto.domain.history import Entry, Facts
from sconto.domain.numbers import parse_id
from sconto.domain.people import Action
from sconto.operations.history import get_promotion_history

_MOST: Final = 1000

_WORDS: Final[Mapping[str, str]] = {
    "type": "promotion_type",
    "name": "promotion_name",
    "active": "status",
    "starts_at": "date_from",
    "ends_at": "date_to",
    "code_type": "coupon_type",
    "percent": "discount_percent",
    "products": "product_id",
    "codes": "coupon_code",
}


async def get_history(request: Request) -> Response:
    """The latest change first; `before` and `after` contain what differs."""
    caller = require(request, Action.READ_PROMOTIONS)
    context = context_of(request)
    promotion_id = id_in_path(request)
    limit, before = _read_query(request.query_params.multi_items())
    page = await get_promotion_history(
        context.database, caller, promotion_id, limit=limit, before=before
    )
    entries = [_write_entry(entry, context.zone) for entry in page.entries]
    cursor = str(page.entries[-1].id) if page.more else None
    return JSONResponse({"history": entries, "next_cursor": cursor})


def _read_query(sent: Iterable[tuple[str, str]]) -> tuple[int, int | None]:
    """`limit` and `cursor`. Raises Refused with 11010 for each that is not valid or unknown."""
    texts = dict(sent)
    limit = parse_id(texts.pop("limit", "100"))
    cursor = texts.pop("cursor", None)
    before = None if cursor is None else parse_id(cursor)
    bad = [] if limit is not None and limit <= _MOST else ["limit"]
    if cursor is not None and before is None:
        bad.append("cursor")
    if bad or texts or limit is None:
        raise invalid_body(*(fault(11010, name) for name in [*bad, *texts]))
    return limit, before


def _write_entry(entry: Entry, zone: ZoneInfo) -> dict[str, object]:
    change = entry.change
    return {
        "id": entry.id,
        "date": format_instant(entry.recorded_at, zone),
        "username": entry.username,
        "action": change.verb.value,
        "before": _write_facts(change.before, zone),
        "after": _write_facts(change.after, zone),
    }


def _write_facts(facts: Facts | None, zone: ZoneInfo) -> dict[str, object] | None:
    if facts is None:
        return None
    return {_WORDS.get(name, name): _write(name, value, zone) for name, value in facts.items()}


def _write(name: str, value: Any, zone: ZoneInfo) -> object:
    match name:
        case "starts_at":
            return format_instant(datetime.fromisoformat(value), zone)
        case "ends_at":
            ends_at = no_end(zone) if value is None else datetime.fromisoformat(value)
            return format_instant(ends_at, zone)
        case "products":
            return {part: _write_products(products) for part, products in value.items()}
        case _:
            return value


def _write_products(products: Any) -> object:
    """A count, ids, or objects with each product's own percent."""
    if not isinstance(products, list):
        return products
    return [
        {"product_id": one["product_id"], "discount_percent": one["percent"]}
        if isinstance(one, dict)
        else one
        for one in products
    ]


ROUTES: Final = (PlainRoute("/v1/promotion/{promotion_id}/history", get_history, methods=["GET"]),)
