"""Orders, found by the shop's id and shown as they were placed."""

from contextlib import suppress
from typing import Final

from starlette.responses import Response

from sconto.domain.blanks import trim
from sconto.domain.explanation import PromotionName, explain_outcome
from sconto.domain.exports import FileFormat
from sconto.domain.names import is_reference
from sconto.domain.order import OrderStatus, StoredOrder
from sconto.domain.people import Action
from sconto.domain.problems import OrderNotFound
from sconto.operations import products
from sconto.operations.explanations import get_named_order
from sconto.portal.exports import KINDS
from sconto.portal.pages import read
from sconto.portal.visit import Visit
from sconto.portal.words import marked

STATUSES: Final = {
    OrderStatus.NOT_PAID: ("warn", marked("Not paid")),
    OrderStatus.PAID: ("good", marked("Paid")),
    OrderStatus.DELETED: ("", marked("Deleted")),
}


async def show(visit: Visit) -> Response:
    """The search field, and the order that was found; without a search, what can be downloaded."""
    order_id = visit.request.query_params.get("id", "")
    if not trim(order_id):
        may_export = visit.caller.may(Action.READ_PROMOTIONS)
        return _render(visit, may_export=may_export, kinds=KINDS, formats=FileFormat)
    try:
        order, names = await _find(visit, order_id)
    except OrderNotFound:
        return _render(visit, status=404, order_id=order_id, missing=True)
    product_ids = {line.product_id for line in order.outcome.lines}
    return _render(
        visit,
        order_id=order_id,
        order=order,
        names=names,
        considered=explain_outcome(order.outcome),
        products=await products.find_products(visit.context.database, visit.caller, product_ids),
    )


def _render(visit: Visit, status: int = 200, **values: object) -> Response:
    nothing = {"order_id": "", "order": None, "missing": False, "may_export": False}
    page = "orders/one.html"
    return visit.render(page, status=status, **(nothing | values), statuses=STATUSES)


async def _find(visit: Visit, typed: str) -> tuple[StoredOrder, dict[int, PromotionName]]:
    """The order with the typed id, or with the id without blanks around it. Raises OrderNotFound.

    The typed id comes first because a shop's id may begin or end with a blank.
    """
    for order_id in dict.fromkeys((typed, trim(typed))):
        # The database refuses to search for some texts.
        if is_reference(order_id):
            with suppress(OrderNotFound):
                return await get_named_order(visit.context.database, visit.caller, order_id)
    raise OrderNotFound(typed)


PAGES: Final = (read("/orders", show, Action.READ_ORDERS),)
