"""A subscription promotion: its terms, the next orders, and its history."""

from typing import Any, Final

from starlette.responses import Response

from sconto.domain.history import Subject
from sconto.domain.people import Action
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import SubscriptionPromotion
from sconto.domain.subscription_schedule import SchedulePlan, schedule_orders
from sconto.operations import history, subscription_promotions
from sconto.portal.pages import read
from sconto.portal.promotion import ENTRIES, shown_history
from sconto.portal.subscription_sentences import (
    end_words,
    order_words,
    rule_words,
    state_of,
    types_words,
)
from sconto.portal.visit import Visit

_ORDERS: Final = 12


async def show_terms(visit: Visit) -> Response:
    """The terms, and the next orders of a subscription that starts now."""
    promotion = await find_promotion(visit)
    plan = SchedulePlan(Contract(created_at=None, type_id=""), _ORDERS)
    schedule = schedule_orders(promotion.terms.rules, plan)
    language = visit.language
    return show_page(
        visit,
        "subscriptions/terms.html",
        promotion,
        rules=[rule_words(language, rule) for rule in promotion.terms.rules],
        types=types_words(promotion.terms.constraint),
        orders=[
            (order.place.in_contract, order_words(language, schedule, order), bool(order.rules))
            for order in schedule.orders
        ],
        end=end_words(language, schedule),
    )


async def show_history(visit: Visit) -> Response:
    """Who changed what and when."""
    promotion = await find_promotion(visit)
    page = await history.list_entries(
        visit.context.database,
        visit.caller,
        Subject.SUBSCRIPTION_PROMOTION,
        promotion.id,
        limit=ENTRIES,
        before=visit.id_in_query("before"),
    )
    return show_page(
        visit,
        "subscriptions/history.html",
        promotion,
        **shown_history(visit, page),
    )


async def find_promotion(visit: Visit) -> SubscriptionPromotion:
    """The promotion that the address names. Raises SubscriptionPromotionNotFound."""
    return await subscription_promotions.get_promotion(
        visit.context.database, visit.caller, visit.id_in_path("promotion_id")
    )


def show_page(
    visit: Visit, template: str, promotion: SubscriptionPromotion, **values: Any
) -> Response:
    """A page about the promotion, below its name and the tabs."""
    state, mark = state_of(promotion, visit.now)
    return visit.render(
        template,
        promotion=promotion,
        state=state,
        mark=mark,
        may_write=visit.caller.may(Action.WRITE_PROMOTIONS),
        **values,
    )


PAGES: Final = (
    read("/subscriptions/{promotion_id}", show_terms, Action.READ_PROMOTIONS),
    read("/subscriptions/{promotion_id}/history", show_history, Action.READ_PROMOTIONS),
)
