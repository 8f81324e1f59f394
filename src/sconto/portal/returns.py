"""Returns goods of an order: first shows what they pay back, then records the return."""

from dataclasses import replace
from typing import Final

from starlette.responses import Response

from sconto.domain.names import is_reference
from sconto.domain.order import OrderStatus
from sconto.domain.people import Action
from sconto.domain.problems import OrderBusy, OrderNotFound
from sconto.domain.refund import refund
from sconto.domain.return_problems import MoreThanLeft, OrderDeleted, ReturnConflict
from sconto.domain.returns import Goods, OrderReturn
from sconto.operations import returns
from sconto.portal.notices import Notice
from sconto.portal.orders import OrderWithReturns, find_order, render_missing, render_order
from sconto.portal.pages import write
from sconto.portal.return_form import (
    ReturnForm,
    check_goods,
    check_id,
    fill_with,
    read_form,
    read_goods,
)
from sconto.portal.visit import Visit


async def return_goods(visit: Visit) -> Response:
    """Show what the goods pay back; if that was shown, record the return."""
    order_id, return_id = visit.form.get("order_id"), visit.field("return_id")
    try:
        found = await find_order(
            visit,
            order_id if isinstance(order_id, str) else "",
            return_id=return_id if is_reference(return_id) else None,
        )
    except OrderNotFound as problem:
        return render_missing(visit, problem.order_id)
    outcome = found.returns.order.outcome
    form = read_form(visit, outcome)
    if visit.field("step") == "all":
        form = fill_with(form, outcome, found.returns.left)
    goods = read_goods(form, outcome)
    is_last_step, same = visit.field("step") == "keep", found.returns.same
    if is_last_step and same is not None and same.refund.goods == goods:
        return _done(visit, same)
    form = check_goods(form, outcome, found.returns.left, visit.language)
    if found.returns.order.status is OrderStatus.DELETED:
        form = replace(form, faults={"goods": visit.gettext("This order is deleted.")})
    if form.faults:
        return await render_order(visit, found, form)
    form = replace(form, quote=refund(outcome, found.returns.returned, goods))
    if not is_last_step:
        suggested = return_id or f"R-{found.returns.last_number + 1}"
        return await render_order(visit, found, replace(form, return_id=suggested))
    return await _keep(visit, found, form, goods)


async def _keep(visit: Visit, found: OrderWithReturns, form: ReturnForm, goods: Goods) -> Response:
    """Record the return, unless it now pays back something else than what was shown."""
    _ = visit.gettext
    order_id = found.returns.order.order_id
    is_as_shown = visit.field("shown") == form.shown.strip()
    form = check_id(form, visit.language)
    if not is_as_shown:
        words = _("This is what it pays back now. Check it, and record it again.")
        form = replace(form, faults={**form.faults, "shown": words})
    if form.faults:
        return await render_order(visit, found, form)
    try:
        done = await returns.create_return(
            visit.context.database, visit.caller, order_id, form.return_id, goods, visit.now
        )
    except ReturnConflict:
        faults = {"return_id": _("Another return of this order has this id.")}
    except (MoreThanLeft, OrderDeleted, OrderBusy):
        # Another request was first: the page shows what is left now.
        found, form = await find_order(visit, order_id), replace(form, quote=None)
        faults = {"goods": _("Somebody changed this order meanwhile. Nothing was recorded.")}
    else:
        return _done(visit, done.kept)
    return await render_order(visit, found, replace(form, faults=faults))


def _done(visit: Visit, kept: OrderReturn) -> Response:
    text = visit.gettext("The return %(id)s is recorded. Pay back %(amount)s.") % {
        "id": kept.return_id,
        "amount": visit.language.money(kept.refund.total, kept.refund.currency),
    }
    return visit.redirect("/orders", Notice(text), id=kept.order_id)


PAGES: Final = (write("/orders/returns", return_goods, Action.CHECK_OUT),)
