"""The list of promotions, and its actions."""

from enum import StrEnum
from typing import Any, Final, TypeVar

from starlette.responses import Response

from sconto.domain.overview import ListKind, ListOrder, ListState, OverviewQuery
from sconto.domain.people import Action
from sconto.operations import overviews, price_rises, promotions
from sconto.operations.price_rises import PricesRaised
from sconto.portal.cursors import read_cursor, write_cursor
from sconto.portal.notices import Notice, switched_notice
from sconto.portal.pages import read, write
from sconto.portal.places import back_from_switch, list_address, remember_list
from sconto.portal.sentences import KINDS, ORDERS, STATES
from sconto.portal.visit import Visit

_Choice = TypeVar("_Choice", bound=StrEnum)


async def show_list(visit: Visit) -> Response:
    """The promotions that match the filters, a page at a time."""
    order = _chosen(ListOrder, visit.query("order")) or ListOrder.EDITED
    query = OverviewQuery(
        order=order,
        after=read_cursor(visit.query("after"), order),
        kind=_chosen(ListKind, visit.query("kind")),
        state=_chosen(ListState, visit.query("state")),
        search=visit.search("search"),
    )
    page = await overviews.list_overviews(
        visit.context.database, visit.caller, query, visit.now, visit.today
    )
    response = visit.render(
        "promotions/list.html",
        page=page,
        query=query,
        next=write_cursor(page.next),
        asked=_asked(query),
        states=STATES,
        kinds=KINDS,
        orders=ORDERS,
        may_write=visit.caller.may(Action.WRITE_PROMOTIONS),
    )
    remember_list(visit, response, {**_asked(query), "after": visit.query("after")})
    return response


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
    text = visit.gettext("“%(name)s” is deleted.") % {"name": summary.name}
    undo = Notice(text, f"/promotions/{promotion_id}/restore")
    return visit.redirect(list_address(visit), undo)


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
    return visit.redirect(
        f"/promotions/{promotion_id}", Notice(visit.gettext("The promotion is restored."))
    )


def _chosen(choices: type[_Choice], text: str) -> _Choice | None:
    return choices(text) if text in choices._value2member_map_ else None


def _asked(query: OverviewQuery) -> dict[str, Any]:
    """The query of the list, without the cursor."""
    return {
        "search": query.search,
        "kind": query.kind,
        "state": query.state,
        "order": None if query.order is ListOrder.EDITED else query.order,
    }


PAGES: Final = (
    read("/promotions", show_list, Action.READ_PROMOTIONS),
    read("/promotions/deleted", show_deleted, Action.WRITE_PROMOTIONS),
    write("/promotions/{promotion_id}/switch", switch, Action.WRITE_PROMOTIONS),
    read("/promotions/{promotion_id}/delete", confirm_deletion, Action.WRITE_PROMOTIONS),
    write("/promotions/{promotion_id}/delete", delete, Action.WRITE_PROMOTIONS),
    write("/promotions/{promotion_id}/restore", restore, Action.WRITE_PROMOTIONS),
)
