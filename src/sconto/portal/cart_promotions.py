"""A cart promotion: its terms, its history, and its actions."""

from typing import Any, Final

from starlette.responses import Response

from sconto.domain.cart_promotion import CartPromotion
from sconto.domain.forecast import forecast
from sconto.domain.history import Subject
from sconto.domain.people import Action
from sconto.operations import cart_promotions as operations
from sconto.operations import history
from sconto.portal.cart_facts import cart_fact_words
from sconto.portal.cart_sentences import (
    TARGETS,
    condition_words,
    hours_words,
    limit_words,
    selection_words,
)
from sconto.portal.notices import deleted_notice, switched_notice
from sconto.portal.pages import read, write
from sconto.portal.places import back_from_restoring, back_from_switch, list_address
from sconto.portal.promotion import ENTRIES, shown_history
from sconto.portal.sentences import CODE_TYPES
from sconto.portal.visit import Visit


async def show_terms(visit: Visit) -> Response:
    """What the promotion gives and to whom, and what it gave."""
    overview, statistics = await operations.get_overview(
        visit.context.database, visit.caller, visit.id_in_path("promotion_id"), visit.today
    )
    promotion = overview.summary
    language, terms = visit.language, promotion.terms
    return show_page(
        visit,
        "cart_promotions/terms.html",
        promotion,
        overview=overview,
        statistics=statistics,
        forecast=forecast(statistics, visit.now, visit.context.zone),
        products=selection_words(language, terms.products),
        hours=None if terms.hours is None else hours_words(language, terms.hours),
        conditions=condition_words(language, terms.conditions),
        limits=limit_words(language, terms.limits),
        code_types=CODE_TYPES,
    )


async def show_history(visit: Visit) -> Response:
    """Who changed what and when."""
    promotion = await find_promotion(visit)
    page = await history.list_entries(
        visit.context.database,
        visit.caller,
        Subject.PROMOTION,
        promotion.id,
        limit=ENTRIES,
        before=visit.id_in_query("before"),
    )
    shown = shown_history(visit, page, cart_fact_words)
    return show_page(visit, "cart_promotions/history.html", promotion, **shown)


async def switch(visit: Visit) -> Response:
    """Switch a promotion on or off."""
    active = visit.field("active") == "on"
    promotion = await operations.switch_promotion(
        visit.context.database,
        visit.caller,
        visit.id_in_path("promotion_id"),
        visit.now,
        active=active,
    )
    page = f"/cart-promotions/{promotion.id}"
    notice = switched_notice(visit.language, promotion.name, on=active)
    return visit.redirect(back_from_switch(visit, promotion.id, page), notice)


async def confirm_deletion(visit: Visit) -> Response:
    """Ask for confirmation."""
    promotion = await find_promotion(visit)
    return visit.render("cart_promotions/delete.html", promotion=promotion)


async def delete(visit: Visit) -> Response:
    """Delete a promotion; the notice on the next page can undo it."""
    promotion = await operations.delete_promotion(
        visit.context.database, visit.caller, visit.id_in_path("promotion_id"), visit.now
    )
    notice = deleted_notice(visit.language, promotion.name, f"/cart-promotions/{promotion.id}")
    return visit.redirect(list_address(visit), notice)


async def restore(visit: Visit) -> Response:
    """Restore a deleted promotion."""
    promotion_id = visit.id_in_path("promotion_id")
    await operations.restore_promotion(
        visit.context.database, visit.caller, promotion_id, visit.now
    )
    return back_from_restoring(visit, promotion_id, f"/cart-promotions/{promotion_id}")


async def find_promotion(visit: Visit) -> CartPromotion:
    """The promotion that the address names. Raises PromotionNotFound."""
    promotion_id = visit.id_in_path("promotion_id")
    return await operations.get_promotion(visit.context.database, visit.caller, promotion_id)


def show_page(visit: Visit, template: str, promotion: CartPromotion, **values: Any) -> Response:
    """A page about the promotion, below its name and the tabs."""
    return visit.render(
        template,
        promotion=promotion,
        targets=TARGETS,
        promotion_list=list_address(visit),
        may_write=visit.caller.may(Action.WRITE_PROMOTIONS),
        **values,
    )


PAGES: Final = (
    read("/cart-promotions/{promotion_id}", show_terms, Action.READ_PROMOTIONS),
    read("/cart-promotions/{promotion_id}/history", show_history, Action.READ_PROMOTIONS),
    write("/cart-promotions/{promotion_id}/switch", switch, Action.WRITE_PROMOTIONS),
    read("/cart-promotions/{promotion_id}/delete", confirm_deletion, Action.WRITE_PROMOTIONS),
    write("/cart-promotions/{promotion_id}/delete", delete, Action.WRITE_PROMOTIONS),
    write("/cart-promotions/{promotion_id}/restore", restore, Action.WRITE_PROMOTIONS),
)
