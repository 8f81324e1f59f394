"""The list of orders: its filters, as typed, and a page of orders."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from sconto.domain.codes import code_key
from sconto.domain.names import is_reference
from sconto.domain.numbers import parse_id
from sconto.domain.order import OrderStatus
from sconto.domain.order_list import NEWEST, OrderQuery
from sconto.operations.orders import list_orders
from sconto.portal.cursors import read_order_cursor, write_order_cursor
from sconto.portal.day_filters import read_day_filters
from sconto.portal.page_sizes import PAGE_SIZES, page_size
from sconto.portal.typed_values import choice_of
from sconto.portal.visit import Visit
from sconto.portal.words import marked

_DAY: Final = timedelta(days=1)

FIELDS: Final = ("first", "last", "status", "customer", "promotion", "code")
"""The filters in an address."""


PERIODS: Final = {
    "today": marked("Today"),
    "yesterday": marked("Yesterday"),
    "7": marked("Last 7 days"),
    "30": marked("Last 30 days"),
    "month": marked("This month"),
    "last-month": marked("Last month"),
}
"""The periods that a click chooses; all of them include whole days."""


async def list_page(visit: Visit) -> dict[str, Any]:
    """What the template shows: the filters, the faults in them, and the orders that match."""
    asked = {name: visit.query(name) for name in FIELDS}
    faults: list[str] = []
    wanted = read_query(visit, asked, faults)
    page = None if faults else await list_orders(visit.context.database, visit.caller, wanted)
    filters = {name: value for name, value in asked.items() if value}
    return {
        "asked": filters,
        "rows": wanted.limit,
        "sizes": PAGE_SIZES,
        "all_days": {name: filters[name] for name in filters if name not in ("first", "last")},
        "periods": _periods(visit, filters),
        "list_faults": faults,
        "page": page,
        "previous": None if page is None else write_order_cursor(page.previous),
        "next": None if page is None else write_order_cursor(page.next),
    }


def period_days(name: str, today: date) -> tuple[date, date]:
    """The first and the last day of a period."""
    first_of_month = today.replace(day=1)
    match name:
        case "today":
            return today, today
        case "yesterday":
            return today - _DAY, today - _DAY
        case "month":
            return first_of_month, today
        case "last-month":
            last = first_of_month - _DAY
            return last.replace(day=1), last
        case _:
            return today - _DAY * (int(name) - 1), today


def _periods(visit: Visit, filters: Mapping[str, str]) -> list[tuple[str, dict[str, str], bool]]:
    """Each period: its name, the filters with it, and whether it is chosen."""
    found = []
    for name, label in PERIODS.items():
        first, last = (day.isoformat() for day in period_days(name, visit.today))
        days = {"first": first, "last": last}
        chosen = {key: filters.get(key) for key in days} == days
        found.append((label, {**filters, **days}, chosen))
    return found


def read_query(visit: Visit, asked: Mapping[str, str], faults: list[str]) -> OrderQuery:
    """The query with these filters; notes what is wrong with the typed texts."""
    _ = visit.gettext
    since, until = read_day_filters(visit, asked, faults)
    status = asked["status"]
    promotion_id = parse_id(asked["promotion"]) if asked["promotion"] else None
    if asked["promotion"] and promotion_id is None:
        faults.append(_("A promotion is searched for by its id."))
    if asked["customer"] and not is_reference(asked["customer"]):
        faults.append(_("The id of a customer has at most 64 characters."))
    key = code_key(asked["code"]) if asked["code"] else None
    if asked["code"] and key is None:
        faults.append(_("This is not a code."))
    down, up = (read_order_cursor(visit.query(name)) for name in ("after", "before"))
    return OrderQuery(
        page_size(visit),
        down or NEWEST,
        since,
        until,
        choice_of(OrderStatus, status),
        asked["customer"] or None,
        promotion_id,
        key,
        up,
    )
