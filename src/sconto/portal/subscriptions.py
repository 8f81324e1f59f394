"""The list of subscription promotions, and its actions."""

from dataclasses import replace
from typing import Final

from starlette.responses import Response

from sconto.domain.names import is_name
from sconto.domain.people import Action
from sconto.domain.subscription_promotion import SubscriptionPage, SubscriptionQuery
from sconto.operations import subscription_promotions
from sconto.portal.notices import Notice, switched_notice
from sconto.portal.page_sizes import PAGE_SIZES, page_size, remember_page_size
from sconto.portal.pages import read, write
from sconto.portal.subscription_sentences import state_of
from sconto.portal.visit import Visit
from sconto.portal.words import marked

STATES: Final = {"on": marked("On"), "off": marked("Off")}


async def show_list(visit: Visit) -> Response:
    """The promotions that match the filters, a page at a time."""
    state = visit.query("state") if visit.query("state") in STATES else ""
    query = SubscriptionQuery(
        limit=page_size(visit),
        after=visit.id_in_query("after") or 0,
        code=visit.search("code"),
        enabled=None if not state else state == "on",
        name=visit.search("name"),
        before=visit.id_in_query("before"),
    )
    page = await _find(visit, query)
    if query.before is not None and len(page.promotions) < query.limit:
        # Fewer than a page come before the place: the first page shows them all.
        query = replace(query, before=None, after=0)
        page = await _find(visit, query)
    goes_back = query.before is not None
    ids = [promotion.id for promotion in page.promotions]
    has_previous, has_next = (page.more, True) if goes_back else (query.after > 0, page.more)
    response = visit.render(
        "subscriptions/list.html",
        rows=[(promotion, *state_of(promotion, visit.now)) for promotion in page.promotions],
        previous=(ids[0] if ids else query.after + 1) if has_previous else None,
        next=ids[-1] if has_next else None,
        sizes=PAGE_SIZES,
        query=query,
        asked={"name": query.name, "code": query.code, "state": state},
        states=STATES,
        may_write=visit.caller.may(Action.WRITE_PROMOTIONS),
    )
    remember_page_size(visit, response, query.limit)
    return response


async def switch(visit: Visit) -> Response:
    """Switch a promotion on or off."""
    enabled = visit.field("enabled") == "on"
    promotion_id = visit.id_in_path("promotion_id")
    changed = await subscription_promotions.change_promotion(
        visit.context.database,
        visit.caller,
        promotion_id,
        lambda promotion: replace(promotion.terms, enabled=enabled),
        visit.now,
    )
    notice = switched_notice(visit.language, changed.terms.name, on=enabled)
    return visit.redirect("/subscriptions", notice)


async def confirm_archiving(visit: Visit) -> Response:
    """Ask for confirmation."""
    promotion = await subscription_promotions.get_promotion(
        visit.context.database, visit.caller, visit.id_in_path("promotion_id")
    )
    return visit.render("subscriptions/archive.html", promotion=promotion)


async def archive(visit: Visit) -> Response:
    """Archive a promotion: new subscriptions cannot have it."""
    await subscription_promotions.archive_promotion(
        visit.context.database,
        visit.caller,
        visit.id_in_path("promotion_id"),
        visit.now,
    )
    return visit.redirect("/subscriptions", Notice(visit.gettext("The promotion is archived.")))


async def _find(visit: Visit, query: SubscriptionQuery) -> SubscriptionPage:
    """The promotions; none if no name or code can match the search."""
    if not all(is_name(text) for text in (query.name, query.code) if text is not None):
        return SubscriptionPage((), more=False)
    database, caller = visit.context.database, visit.caller
    return await subscription_promotions.list_promotions(database, caller, query)


PAGES: Final = (
    read("/subscriptions", show_list, Action.READ_PROMOTIONS),
    write("/subscriptions/{promotion_id}/switch", switch, Action.WRITE_PROMOTIONS),
    read("/subscriptions/{promotion_id}/archive", confirm_archiving, Action.WRITE_PROMOTIONS),
    write("/subscriptions/{promotion_id}/archive", archive, Action.WRITE_PROMOTIONS),
)
