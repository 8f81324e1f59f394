"""Cart promotions: their list, their terms and figures, and their history."""

from typing import Any, Final

from starlette.responses import Response

from sconto.domain.cart_promotion import CartPromotion, CartPromotionQuery
from sconto.domain.people import Action
from sconto.operations import cart_promotions as operations
from sconto.portal.cart_sentences import (
    TARGETS,
    benefit_words,
    condition_words,
    limit_words,
    state_words,
)
from sconto.portal.pages import read
from sconto.portal.promotion import ENTRIES, shown_history
from sconto.portal.visit import Visit

_PAGE: Final = 25


async def show_list(visit: Visit) -> Response:
    """The promotions that match the filter, a page at a time."""
    name = visit.search("name")
    query = CartPromotionQuery(_PAGE, visit.id_in_query("after"), name=name)
    found, more = await operations.list_promotions(
        visit.context.database, visit.caller, query, visit.now
    )
    return visit.render(
        "cart_promotions/list.html",
        rows=[
            (
                promotion,
                *state_words(promotion, visit.now),
                benefit_words(visit.language, promotion.terms.benefit),
            )
            for promotion in found
        ],
        targets=TARGETS,
        # The portal has no form for them yet.
        may_write=False,
        name=name,
        after=query.before,
        next=found[-1].id if more else None,
    )


async def show_terms(visit: Visit) -> Response:
    """What the promotion takes off, and what it gave."""
    promotion_id = visit.id_in_path("promotion_id")
    statistics = await operations.get_statistics(
        visit.context.database, visit.caller, promotion_id, by_code=False
    )
    promotion = statistics.promotion
    language, terms = visit.language, promotion.terms
    return _show(
        visit,
        "cart_promotions/terms.html",
        promotion,
        statistics=statistics,
        target=TARGETS[terms.target],
        benefit=benefit_words(language, terms.benefit),
        conditions=condition_words(language, terms),
        limits=limit_words(language, terms),
    )


async def show_history(visit: Visit) -> Response:
    """Who changed what and when."""
    promotion = await _find(visit)
    page = await operations.get_promotion_history(
        visit.context.database,
        visit.caller,
        promotion.id,
        limit=ENTRIES,
        before=visit.id_in_query("before"),
    )
    shown = shown_history(visit, page)
    return _show(visit, "cart_promotions/history.html", promotion, **shown)


async def _find(visit: Visit) -> CartPromotion:
    """The promotion that the address names. Raises PromotionNotFound."""
    promotion_id = visit.id_in_path("promotion_id")
    return await operations.get_promotion(visit.context.database, visit.caller, promotion_id)


def _show(visit: Visit, template: str, promotion: CartPromotion, **values: Any) -> Response:
    state, mark = state_words(promotion, visit.now)
    return visit.render(template, promotion=promotion, state=state, mark=mark, **values)


PAGES: Final = (
    read("/cart-promotions", show_list, Action.READ_PROMOTIONS),
    read("/cart-promotions/{promotion_id}", show_terms, Action.READ_PROMOTIONS),
    read("/cart-promotions/{promotion_id}/history", show_history, Action.READ_PROMOTIONS),
)
