"""An order's bill step by step, and what its request would cost now."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from sconto.domain.bill import PricedCart
from sconto.domain.explained_steps import explain_steps
from sconto.domain.explanation import PromotionOutcome
from sconto.domain.names import is_reference
from sconto.domain.people import Action
from sconto.domain.problems import OrderNotFound
from sconto.operations.explanations import explain_order
from sconto.portal.facts import FACTS
from sconto.portal.pages import read
from sconto.portal.replay_sentences import CHANGES, STEPS, namer_of, replay_words, why_words
from sconto.portal.visit import Visit


def steps_of(
    priced: PricedCart, considered: Mapping[int, Sequence[PromotionOutcome]]
) -> dict[str, Any]:
    """What `steps.html` shows of a quote or an order; `considered` is by product."""
    return {
        "steps": explain_steps(priced, considered),
        "currency": priced.currency,
        "step_names": STEPS,
    }


async def show_replay(visit: Visit) -> Response:
    """Whether the order would cost the same now; the page of the order loads it."""
    order_id = visit.request.query_params.get("id", "")
    if not is_reference(order_id):
        raise OrderNotFound(order_id)
    context = visit.context
    found = await explain_order(context.database, visit.caller, order_id, visit.now)
    name_of = namer_of(visit.language, found.explained)
    return visit.render(
        "orders/replay.html",
        order=found.order,
        currency=found.order.outcome.currency,
        step_names=STEPS,
        changes=CHANGES,
        facts=FACTS,
        replay_text=replay_words(visit.language, found.replay),
        differences=[
            (one, name_of(one.ref), why_words(visit.language, one, name_of))
            for one in found.replay.differences
        ],
    )


PAGES: Final = (read("/orders/now", show_replay, Action.READ_ORDERS),)
