"""The list of promotions, and its actions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.responses import Response

from sconto.domain.overview import ListKind, ListOrder, ListState, OverviewQuery
from sconto.domain.people import Action
from sconto.operations import overviews, price_rises, promotions
from sconto.operations.price_rises import PricesRaised
from sconto.portal.cursors import read_cursor, write_cursor
from sconto.portal.notices import deleted_notice, switched_notice
from sconto.portal.page_sizes import PAGE_SIZES, page_size, remember_page_size
from sconto.portal.pages import read, write
from sconto.portal.places import back_from_restoring, back_from_switch, list_address, remember_list
from sconto.portal.sentences import KINDS, ORDERS, STATES
from sconto.portal.typed_values import choice_of
from sconto.portal.visit import Visit

_TURNED: Final = "turned"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a column that sorts; `sorted` is the present direction, for ARIA."""

    label: str
    asked: Mapping[str, Any]
    sorted: str | None


async def show_list(visit: Visit) -> Response:
    """The promotions that match the filters, a page at a time."""
    query = _read_query(visit)
    page = await overviews.list_overviews(
        visit.context.database, visit.caller, query, visit.now, visit.today
    )
    asked = _asked(query)
    response = visit.render(
        "promotions/list.html",
        page=page,
        query=query,
        previous=write_cursor(page.previous),
        next=write_cursor(page.next),
        asked=asked,
        headings=_headings(query),
        states=STATES,
        kinds=KINDS,
        order=_written_order(query),
        orders=_orders(visit, query),
        sizes=PAGE_SIZES,
        may_write=visit.caller.may(Action.WRITE_PROMOTIONS),
    )
    place = {"after": visit.query("after"), "before": visit.query("before")}
    remember_list(visit, response, {**asked, **place})
    remember_page_size(visit, response, query.limit)
    return response


def _read_query(visit: Visit) -> OverviewQuery:
    name, _, turned = visit.query("order").partition("-")
    order = choice_of(ListOrder, name) or ListOrder.EDITED
    before = read_cursor(visit.query("before"), order)
    return OverviewQuery(
        limit=page_size(visit),
        order=order,
        turned=turned == _TURNED,
        after=None if before else read_cursor(visit.query("after"), order),
        before=before,
        kind=choice_of(ListKind, visit.query("kind")),
        state=choice_of(ListState, visit.query("state")),
        search=visit.search("search"),
    )


def _headings(query: OverviewQuery) -> dict[str, Heading]:
    """What each heading does: sort by it, or reverse the order."""
    found = {}
    for order in ListOrder:
        is_here = order is query.order
        wanted = replace(query, order=order, turned=is_here and not query.turned)
        sorted_now = ("descending" if query.falls else "ascending") if is_here else None
        found[order.value] = Heading(ORDERS[order], _asked(wanted), sorted_now)
    return found


async def switch(visit: Visit) -> Response:
    """Switch a promotion on or off; ask first if that raises prices."""
    promotion_id = visit.id_in_path("promotion_id")
    database, caller, now = visit.context.database, visit.caller, visit.now
    active = visit.field("active") == "on"
    if active and visit.field("step") != "anyway":
        try:
            summary = await price_rises.switch_on(database, caller, promotion_id, now)
        except PricesRaised as raised:
            heading = await overviews.get_heading(database, caller, promotion_id)
            return visit.render("promotions/switch_on.html", heading=heading, rises=raised.rises)
    else:
        summary = await promotions.switch_promotion(
            database, caller, promotion_id, now, active=active
        )
    notice = switched_notice(visit.language, summary.name, on=active)
    page = f"/promotions/{promotion_id}"
    return visit.redirect(back_from_switch(visit, promotion_id, page), notice)


async def confirm_deletion(visit: Visit) -> Response:
    """Ask for confirmation."""
    overview = await overviews.get_overview(
        visit.context.database, visit.caller, visit.id_in_path("promotion_id"), visit.today
    )
    return visit.render("promotions/delete.html", overview=overview)


async def delete(visit: Visit) -> Response:
    """Delete a promotion; the notice on the next page can undo it."""
    promotion_id = visit.id_in_path("promotion_id")
    summary = await promotions.delete_promotion(
        visit.context.database, visit.caller, promotion_id, visit.now
    )
    notice = deleted_notice(visit.language, summary.name, f"/promotions/{promotion_id}")
    return visit.redirect(list_address(visit), notice)


async def show_deleted(visit: Visit) -> Response:
    """The promotions that can be restored."""
    deleted = await overviews.list_deleted(visit.context.database, visit.caller, visit.now)
    return visit.render("promotions/deleted.html", deleted=deleted)


async def restore(visit: Visit) -> Response:
    """Restore a deleted promotion."""
    promotion_id = visit.id_in_path("promotion_id")
    await promotions.restore_promotion(
        visit.context.database, visit.caller, promotion_id, visit.now
    )
    return back_from_restoring(visit, promotion_id, f"/promotions/{promotion_id}")


def _orders(visit: Visit, query: OverviewQuery) -> dict[str, str]:
    """The choices of what to sort by, with the present one."""
    found = {order.value: visit.gettext(label) for order, label in ORDERS.items()}
    if query.turned:
        turned = visit.gettext("%(order)s, reversed") % {"order": found[query.order]}
        found[_written_order(query)] = turned
    return found


def _written_order(query: OverviewQuery) -> str:
    return f"{query.order}-{_TURNED}" if query.turned else query.order.value


def _asked(query: OverviewQuery) -> dict[str, Any]:
    """The query of the list, without the cursor."""
    order = _written_order(query)
    return {
        "search": query.search,
        "kind": query.kind,
        "state": query.state,
        "order": None if order == ListOrder.EDITED else order,
    }


PAGES: Final = (
    read("/promotions", show_list, Action.READ_PROMOTIONS),
    read("/promotions/deleted", show_deleted, Action.WRITE_PROMOTIONS),
    write("/promotions/{promotion_id}/switch", switch, Action.WRITE_PROMOTIONS),
    read("/promotions/{promotion_id}/delete", confirm_deletion, Action.WRITE_PROMOTIONS),
    write("/promotions/{promotion_id}/delete", delete, Action.WRITE_PROMOTIONS),
    write("/promotions/{promotion_id}/restore", restore, Action.WRITE_PROMOTIONS),
)
