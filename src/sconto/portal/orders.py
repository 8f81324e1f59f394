"""Orders, found by the shop's id and shown as they were placed, with their returns."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from sconto.domain.blanks import trim
from sconto.domain.explained_steps import explain_steps
from sconto.domain.exports import FileFormat
from sconto.domain.names import is_reference
from sconto.domain.numbers import MAX_INT32
from sconto.domain.order import OrderStatus
from sconto.domain.people import Action
from sconto.domain.problems import OrderNotFound
from sconto.domain.refund import refund
from sconto.domain.returns import NOTHING, Returns
from sconto.operations import products
from sconto.operations.explanations import ExplainedOrder, explain_order
from sconto.operations.returns import list_returns
from sconto.portal.exports import KINDS
from sconto.portal.facts import FACTS
from sconto.portal.order_lists import list_page
from sconto.portal.pages import read
from sconto.portal.replay_sentences import CHANGES, STEPS, namer_of, replay_words, why_words
from sconto.portal.return_form import ReturnForm
from sconto.portal.visit import Visit
from sconto.portal.words import marked

STATUSES: Final = {
    OrderStatus.NOT_PAID: ("warn", marked("Not paid")),
    OrderStatus.PAID: ("good", marked("Paid")),
    OrderStatus.DELETED: ("", marked("Deleted")),
}

_RETURNS_LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class Found:
    """An order with its explanation and its returns."""

    explained: ExplainedOrder
    returns: Returns


async def show(visit: Visit) -> Response:
    """The search field, and the order that was found; without a search, a list, and downloads."""
    order_id = visit.request.query_params.get("id", "")
    if not trim(order_id):
        listed = await list_page(visit)
        may_export = visit.caller.may(Action.READ_PROMOTIONS)
        return _render(visit, may_export=may_export, kinds=KINDS, formats=FileFormat, **listed)
    after = min(visit.id_in_query("returns_after") or 0, MAX_INT32)
    try:
        found = await find(visit, order_id, returns_after=after)
    except OrderNotFound:
        return render_missing(visit, order_id)
    return await render_order(visit, found, ReturnForm())


async def find(
    visit: Visit, typed: str, *, return_id: str | None = None, returns_after: int = 0
) -> Found:
    """The order with the typed id, or with the id without blanks around it. Raises OrderNotFound.

    The typed id comes first because a shop's id may begin or end with a blank.
    """
    for order_id in dict.fromkeys((typed, trim(typed))):
        # The database refuses to search for some texts.
        if is_reference(order_id):
            with suppress(OrderNotFound):
                database, caller = visit.context.database, visit.caller
                return Found(
                    await explain_order(database, caller, order_id, visit.now),
                    await list_returns(
                        database, caller, order_id, returns_after, _RETURNS_LISTED, return_id
                    ),
                )
    raise OrderNotFound(typed)


async def render_order(visit: Visit, found: Found, form: ReturnForm) -> Response:
    """The page of an order, with the form that returns goods as it was filled in."""
    explained = found.explained.explained
    order, returned = found.returns.order, found.returns.returned
    outcome = order.outcome
    product_ids = {line.product_id for line in outcome.lines}
    left = found.returns.left
    is_open = order.status is not OrderStatus.DELETED and visit.caller.may(Action.CHECK_OUT)
    return _render(
        visit,
        status=422 if form.faults else 200,
        order_id=order.order_id,
        order=order,
        names=explained.names,
        considered=explained.considered,
        products=await products.find_products(visit.context.database, visit.caller, product_ids),
        returns=found.returns,
        # All returns together pay back what one return of the same goods would.
        paid_back=refund(outcome, NOTHING, returned).total if found.returns.last_number else 0,
        left=left,
        may_return=is_open and (left.shipping or any(left.units.values())),
        form=form,
        faults=form.faults,
        **_explanation(visit, found.explained),
    )


def _explanation(visit: Visit, found: ExplainedOrder) -> dict[str, Any]:
    """The bill step by step, and what the order would cost now, for `explanation.html`."""
    language, replay = visit.language, found.replay
    name_of = namer_of(language, found.explained)
    return {
        "steps": explain_steps(found.order.outcome, found.explained.considered),
        "currency": found.order.outcome.currency,
        "step_names": STEPS,
        "changes": CHANGES,
        "facts": FACTS,
        "replay_text": replay_words(language, replay),
        "differences": [
            (one, name_of(one.ref), why_words(language, one, name_of)) for one in replay.differences
        ],
    }


def render_missing(visit: Visit, order_id: str) -> Response:
    """The page for an id that no order has."""
    return _render(visit, status=404, order_id=order_id, missing=True)


def _render(visit: Visit, status: int = 200, **values: object) -> Response:
    nothing = {"order_id": "", "order": None, "missing": False, "may_export": False, "page": None}
    shown = nothing | values
    shown["status_names"] = {each: label for each, (_, label) in STATUSES.items()}
    return visit.render("orders/one.html", status=status, **shown, statuses=STATUSES)


PAGES: Final = (read("/orders", show, Action.READ_ORDERS),)
