"""An order's bill step by step, and what its request would cost now, for `explanation.html`."""

from typing import Any

from sconto.domain.explained_steps import explain_steps
from sconto.domain.order import StoredOrder
from sconto.operations.explanations import explain_stored_order
from sconto.portal.facts import FACTS
from sconto.portal.replay_sentences import CHANGES, STEPS, namer_of, replay_words, why_words
from sconto.portal.visit import Visit


async def explanation_of(visit: Visit, order: StoredOrder) -> dict[str, Any]:
    """What the template shows of an order."""
    database, caller = visit.context.database, visit.caller
    found = await explain_stored_order(database, caller, order, visit.now)
    language, replay = visit.language, found.replay
    name_of = namer_of(language, found.explained)
    return {
        "steps": explain_steps(order.outcome, found.explained.considered),
        "currency": order.outcome.currency,
        "step_names": STEPS,
        "changes": CHANGES,
        "facts": FACTS,
        "replay_text": replay_words(language, replay),
        "differences": [
            (one, name_of(one.ref), why_words(language, one, name_of)) for one in replay.differences
        ],
    }
