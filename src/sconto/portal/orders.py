"""Orders, found by the shop's id and shown as they were placed, with their returns."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from sconto.domain.blanks import trim
from sconto.domain.explanation import PromotionName, explain_outcome
from sconto.domain.exports import FileFormat
from sconto.domain.holds import Hold
from sconto.domain.names import is_reference
from sconto.domain.numbers import MAX_INT32
from sconto.domain.order import OrderStatus
from sconto.domain.people import Action
from sconto.domain.problems import HoldNotFound, OrderNotFound
from sconto.domain.refund import refund
from sconto.domain.returns import NOTHING, Returns
from sconto.operations import products
from sconto.operations.holds import get_hold
from sconto.operations.returns import show_returns
from sconto.portal.exports import KINDS
from sconto.portal.order_explanations import steps_of
from sconto.portal.order_lists import list_page
from sconto.portal.page_sizes import store_page_size
from sconto.portal.pages import read
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
class OrderWithReturns:
    """An order with its returns, and the present names of its promotions."""

    returns: Returns
    names: Mapping[int, PromotionName]


async def show(visit: Visit) -> Response:
    """The search field, and the order that was found; without a search, a list, and downloads."""
    order_id = visit.request.query_params.get("id", "")
    if not trim(order_id):
        listed = await list_page(visit)
        may_export = visit.caller.may(Action.READ_PROMOTIONS)
        response = _render(visit, may_export=may_export, kinds=KINDS, formats=FileFormat, **listed)
        store_page_size(visit, response, listed["rows"])
        return response
    after = min(visit.id_in_query("returns_after") or 0, MAX_INT32)
    try:
        found = await find_order(visit, order_id, returns_after=after)
    except OrderNotFound:
        if (hold := await _find_hold(visit, order_id)) is None:
            return render_missing(visit, order_id)
        return _render(visit, order_id=hold.order_id, hold=hold, currency=hold.outcome.currency)
    return await render_order(visit, found, ReturnForm())


async def find_order(
    visit: Visit, typed: str, *, return_id: str | None = None, returns_after: int = 0
) -> OrderWithReturns:
    """The order with the typed id, or with the id without blanks around it. Raises OrderNotFound.

    The typed id is tried first, because a shop's id may begin or end with a blank.
    """
    for order_id in dict.fromkeys((typed, trim(typed))):
        # The database refuses to search for some texts.
        if is_reference(order_id):
            with suppress(OrderNotFound):
                return OrderWithReturns(
                    *await show_returns(
                        visit.context.database,
                        visit.caller,
                        order_id,
                        return_id,
                        returns_after,
                        _RETURNS_LISTED,
                    )
                )
    raise OrderNotFound(typed)


async def _find_hold(visit: Visit, typed: str) -> Hold | None:
    """What is held for the typed id, or for the id without blanks around it."""
    for order_id in dict.fromkeys((typed, trim(typed))):
        if is_reference(order_id):
            with suppress(HoldNotFound):
                return await get_hold(visit.context.database, visit.caller, order_id, visit.now)
    return None


async def render_order(visit: Visit, found: OrderWithReturns, form: ReturnForm) -> Response:
    """The page of an order, with the form that returns goods as it was filled in."""
    order, returned = found.returns.order, found.returns.returned
    outcome = order.outcome
    considered = explain_outcome(outcome)
    product_ids = {line.product_id for line in outcome.lines}
    left = found.returns.left
    is_open = order.status is not OrderStatus.DELETED and visit.caller.may(Action.CHECK_OUT)
    return _render(
        visit,
        status=422 if form.faults else 200,
        order_id=order.order_id,
        order=order,
        names=found.names,
        considered=considered,
        products=await products.find_products(visit.context.database, visit.caller, product_ids),
        returns=found.returns,
        # All returns together pay back the same as one return of all goods.
        paid_back=refund(outcome, NOTHING, returned).total if found.returns.last_number else 0,
        left=left,
        may_return=is_open and (left.shipping or any(left.units.values())),
        form=form,
        faults=form.faults,
        **steps_of(outcome, considered),
    )


def render_missing(visit: Visit, order_id: str) -> Response:
    """The page for an id that no order has."""
    return _render(visit, status=404, order_id=order_id, missing=True)


def _render(visit: Visit, status: int = 200, **values: object) -> Response:
    nothing = {"order_id": "", "order": None, "missing": False, "may_export": False, "page": None}
    nothing["hold"] = None
    shown = nothing | values
    shown["status_names"] = {each: label for each, (_, label) in STATUSES.items()}
    return visit.render("orders/one.html", status=status, **shown, statuses=STATUSES)


PAGES: Final = (read("/orders", show, Action.READ_ORDERS),)
