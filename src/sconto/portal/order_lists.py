"""The list of orders: its filters, as typed, and a page of orders."""

from datetime import datetime, time, timedelta
from typing import Any, Final

from sconto.domain.codes import code_key
from sconto.domain.far_times import to_utc
from sconto.domain.names import is_reference
from sconto.domain.order import OrderStatus
from sconto.domain.order_list import NEWEST, OrderQuery
from sconto.domain.product import parse_product_id
from sconto.operations.orders import list_orders
from sconto.portal.cursors import read_order_cursor, write_order_cursor
from sconto.portal.visit import Visit

LISTED: Final = 25

_FIELDS: Final = ("first", "last", "status", "customer", "promotion", "code")


async def list_page(visit: Visit) -> dict[str, Any]:
    """What the template shows: the filters, the faults in them, and the orders that fit."""
    asked = {name: visit.query(name) for name in _FIELDS}
    faults: list[str] = []
    wanted = _read_query(visit, asked, faults)
    page = None if faults else await list_orders(visit.context.database, visit.caller, wanted)
    return {
        "asked": {name: value for name, value in asked.items() if value},
        "list_faults": faults,
        "page": page,
        "after": visit.query("after"),
        "next": None if page is None or page.next is None else write_order_cursor(page.next),
    }


def _read_query(visit: Visit, asked: dict[str, str], faults: list[str]) -> OrderQuery:
    """The query; notes what is wrong with what was typed."""
    _ = visit.gettext

    def day(name: str, days: int) -> datetime | None:
        try:
            return start_of_day(visit, asked[name], days)
        except (ValueError, OverflowError):
            faults.append(_("A day is written like 2026-11-27."))
            return None

    since, until = day("first", 0), day("last", 1)
    status = asked["status"]
    promotion_id = parse_product_id(asked["promotion"]) if asked["promotion"] else None
    if asked["promotion"] and promotion_id is None:
        faults.append(_("A promotion is searched for by its number."))
    if asked["customer"] and not is_reference(asked["customer"]):
        faults.append(_("The id of a customer has at most 64 characters."))
    key = code_key(asked["code"]) if asked["code"] else None
    if asked["code"] and key is None:
        faults.append(_("That is no code."))
    before = read_order_cursor(visit.query("after")) if visit.query("after") else None
    return OrderQuery(
        LISTED,
        before or NEWEST,
        since,
        until,
        OrderStatus(status) if status in tuple(OrderStatus) else None,
        asked["customer"] or None,
        promotion_id,
        key,
    )


def start_of_day(visit: Visit, text: str, days: int = 0) -> datetime | None:
    """The start of a day, or of the day some days later; None for no text. Raises ValueError."""
    if not text:
        return None
    day = datetime.strptime(text, "%Y-%m-%d").date() + timedelta(days=days)  # noqa: DTZ007
    return to_utc(datetime.combine(day, time(), visit.context.zone))
