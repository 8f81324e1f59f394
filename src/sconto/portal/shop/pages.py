"""The shop's pages: products, cart, payment and orders."""

import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sconto.client import ScontoError
from sconto.domain.numbers import parse_id
from sconto.domain.problems import BodyEncoded, BodyTooLarge
from sconto.portal.forms import PLAIN_LIMIT, open_form
from sconto.portal.language import Language, language_for
from sconto.portal.shop.basket import Basket, basket_of, is_order_id, keep_basket
from sconto.portal.shop.counter import CURRENCY, Counter
from sconto.portal.shop.till import Till
from sconto.portal.templating import make_environment

_TEMPLATES: Final = make_environment()

_ZONE: Final = ZoneInfo("UTC")
_FORM_FIELDS: Final = 100


@dataclass(frozen=True, slots=True)
class Shopper:
    """A request to the shop, with what the templates and filters need of a visit."""

    request: Request
    counter: Counter
    basket: Basket
    language: Language
    form: FormData

    def path(self, path: str, **query: Any) -> str:
        """The address of a page of the shop."""
        return f"{self.request.scope['root_path']}{path}{'?' * bool(query)}{urlencode(query)}"

    def render(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """The page."""
        page = _TEMPLATES.get_template(template)
        text = page.render(visit=self, basket=self.basket, currency=CURRENCY, **values)
        return HTMLResponse(text, status, headers={"Vary": "Cookie, Accept-Language"})

    def redirect(self, path: str, basket: Basket) -> Response:
        """Continue at another page with this basket."""
        response = RedirectResponse(self.path(path), 303)
        keep_basket(self.request, response, basket)
        return response


async def show_offers(shopper: Shopper) -> Response:
    """All products. A code in the address is activated, and removed from the address."""
    code = shopper.request.query_params.get("code")
    if code is not None:
        return shopper.redirect("/", shopper.basket.with_code(code))
    return shopper.render("shop/offers.html", offers=await shopper.counter.list_offers())


async def show_offer(shopper: Shopper) -> Response:
    """One product."""
    product_id = parse_id(shopper.request.path_params["product_id"])
    offers = {offer.product_id: offer for offer in await shopper.counter.list_offers()}
    if product_id not in offers:
        return await show_nothing(shopper)
    return shopper.render("shop/offer.html", offer=offers[product_id])


async def add(shopper: Shopper) -> Response:
    """A buy link: put a product into the cart, which `clear=Y` empties first.

    A `code` is activated too; `quantity` is 1 if it is not given.
    """
    query = shopper.request.query_params
    product_id = parse_id(shopper.request.path_params["product_id"])
    if product_id is None:
        return await show_nothing(shopper)
    basket = Basket() if query.get("clear") == "Y" else shopper.basket
    basket = basket.with_more(product_id, _quantity(query.get("quantity", "1")) or 1)
    return shopper.redirect("/cart", basket.with_code(query.get("code", "")))


async def show_cart(shopper: Shopper) -> Response:
    """The cart and what it costs now. A shopper who comes back to it has not paid."""
    if shopper.basket.order_id is not None:
        return shopper.redirect("/cart", await _stop_paying(shopper))
    return await _render_cart(shopper)


async def change_cart(shopper: Shopper) -> Response:
    """Store the quantities, and do what the pressed button says."""
    basket = await _stop_paying(shopper)
    for product_id in basket.quantities:
        quantity = _quantity(_text(shopper, f"quantity-{product_id}"))
        if quantity is not None:
            basket = basket.with_quantity(product_id, quantity)
    removed = parse_id(_text(shopper, "remove"))
    if removed is not None:
        basket = basket.with_quantity(removed, 0)
    basket = basket.without_code(_text(shopper, "remove_code"))
    return shopper.redirect("/cart", basket.with_code(_text(shopper, "code")))


async def start_payment(shopper: Shopper) -> Response:
    """Hold what the shopper saw until they have paid, or show the cart again if it has changed."""
    order_id = _text(shopper, "order_id")
    if not is_order_id(order_id) or not shopper.basket.quantities:
        return shopper.redirect("/cart", shopper.basket)
    if not await shopper.counter.hold(order_id, shopper.basket, _text(shopper, "total")):
        return await _render_cart(shopper, changed=True)
    return shopper.redirect("/payment", replace(shopper.basket, order_id=order_id))


async def show_payment(shopper: Shopper) -> Response:
    """Where a real shop sends the shopper to the bank."""
    order_id = shopper.basket.order_id
    held = None if order_id is None else await shopper.counter.find_hold(order_id)
    if held is None:
        return shopper.redirect("/cart", shopper.basket)
    bill, until = held
    return shopper.render("shop/payment.html", bill=bill, until=until, order_id=order_id)


async def order(shopper: Shopper) -> Response:
    """Place the order, or show the cart again if its total has changed."""
    order_id = _text(shopper, "order_id")
    if not is_order_id(order_id) or not shopper.basket.quantities:
        return shopper.redirect("/cart", shopper.basket)
    total = _text(shopper, "total")
    if not await shopper.counter.place_order(order_id, shopper.basket, total):
        return await _render_cart(shopper, changed=True)
    return shopper.redirect(f"/orders/{order_id}", Basket())


async def show_order(shopper: Shopper) -> Response:
    """An order."""
    order_id = shopper.request.path_params["order_id"]
    bill = None
    if is_order_id(order_id):
        bill = await shopper.counter.find_order(order_id)
    if bill is None:
        return await show_nothing(shopper)
    return shopper.render("shop/order.html", bill=bill, order_id=order_id)


async def show_nothing(shopper: Shopper) -> Response:
    """The page of every other address."""
    return shopper.render("shop/missing.html", status=404)


async def _stop_paying(shopper: Shopper) -> Basket:
    """The basket, without a payment; its hold is released."""
    if shopper.basket.order_id is not None:
        await shopper.counter.release(shopper.basket.order_id)
    return replace(shopper.basket, order_id=None)


async def _render_cart(shopper: Shopper, *, changed: bool = False) -> Response:
    return shopper.render(
        "shop/cart.html",
        status=409 if changed else 200,
        bill=await shopper.counter.quote(shopper.basket),
        changed=changed,
        order_id=f"shop-{secrets.token_hex(16)}",
    )


def _text(shopper: Shopper, name: str) -> str:
    value = shopper.form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _quantity(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else None


def _open_form(request: Request) -> AbstractAsyncContextManager[FormData]:
    return open_form(request, PLAIN_LIMIT, max_fields=_FORM_FIELDS, max_files=0)


def shop_pages(till: Till) -> list[Route]:
    """The routes of the shop's pages."""

    def page(
        path: str, answer: Callable[[Shopper], Awaitable[Response]], method: str = "GET"
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            shopper = Shopper(
                request,
                Counter(till.client_at(request.scope["server"])),
                basket_of(request),
                language_for(request.headers.get("accept-language", ""), _ZONE),
                FormData(),
            )
            try:
                if method == "GET":
                    return await answer(shopper)
                async with _open_form(request) as form:
                    return await answer(replace(shopper, form=form))
            except ScontoError:
                return shopper.render("shop/closed.html", status=503)
            except BodyTooLarge:
                return shopper.render("shop/missing.html", status=413)
            except BodyEncoded:
                return shopper.render("shop/missing.html", status=415)
            except HTTPException as error:
                return shopper.render("shop/missing.html", status=error.status_code)

        return Route(path, endpoint, methods=[method])

    return [
        page("/", show_offers),
        page("/products/{product_id}", show_offer),
        page("/basket/add/{product_id}", add),
        page("/cart", show_cart),
        page("/cart", change_cart, "POST"),
        page("/payment", start_payment, "POST"),
        page("/payment", show_payment),
        page("/orders", order, "POST"),
        page("/orders/{order_id}", show_order),
        page("/{elsewhere:path}", show_nothing),
    ]
