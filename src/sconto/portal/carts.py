"""Trying a cart: what it costs at a time, and why.

Nothing is written, so the right to read promotions is enough.
"""

from typing import Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from sconto.domain.numbers import parse_id
from sconto.domain.people import Action
from sconto.domain.product import ProductQuery
from sconto.operations import products
from sconto.operations.explanations import explain_quote
from sconto.portal.cart_form import CartFields, read_cart, read_fields
from sconto.portal.order_explanations import steps_of
from sconto.portal.pages import read
from sconto.portal.visit import Visit

_FOUND: Final = 8
"""How many products a search shows."""


async def show(visit: Visit) -> Response:
    """The cart of the address with its price, or the products that were searched for."""
    fields = read_fields(visit.request.query_params)
    changed = _changed(visit, fields)
    if changed is not None:
        return RedirectResponse(f"{visit.path('/carts')}?{urlencode(changed.query())}", 303)
    context, caller = visit.context, visit.caller
    product_ids = {line.product_id for line in fields.lines}
    known = (
        await products.find_products(context.database, caller, product_ids) if product_ids else {}
    )
    form = read_cart(fields, known, visit.language, visit.now, currency=visit.currency)
    search = None if _wants_price(visit) else visit.search("search")
    found = explained = None
    if search:
        query = ProductQuery(limit=_FOUND, search=search)
        found = await products.list_products(context.database, caller, query)
    elif form.cart is not None:
        explained = await explain_quote(context.database, caller, form.cart, form.at, now=visit.now)
    return visit.render(
        "carts/try.html",
        fields=fields,
        form=form,
        products=known,
        search=search or "",
        found=found,
        unknown=parse_id(search) if search and found and not found.products else None,
        explained=explained,
        **({} if explained is None else steps_of(explained.priced, explained.considered)),
    )


def _wants_price(visit: Visit) -> bool:
    """Whether the button for the price was pressed, or a field of the cart changed."""
    return bool(visit.query("show")) or visit.request.headers.get("hx-target") == "quote"


def _changed(visit: Visit, fields: CartFields) -> CartFields | None:
    """The cart after a button added or removed a line; None if no such button was pressed."""
    added = parse_id(visit.query("add"))
    if added is not None:
        return fields.with_one_more(added)
    removed = visit.query("remove")
    if removed.isascii() and removed.isdecimal() and len(removed) < 4:
        return fields.without(int(removed))
    return None


PAGES: Final = (read("/carts", show, Action.READ_PROMOTIONS),)
