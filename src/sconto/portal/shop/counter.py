"""The counter: the shop's requests to Sconto's HTTP API."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sconto.client import AsyncClient, Conflict, NotFound, RequestInvalid
from sconto.client.bodies.catalog import CatalogProduct
from sconto.client.bodies.checkout import Cart, CartLine, PricedCart, PricedLine
from sconto.domain.money import TOTAL_DIGITS, parse_amount
from sconto.portal.shop.basket import Basket

CURRENCY: Final = "EUR"
"""The shop's currency: products with other currencies are not offered."""

_SHOWN: Final = 1000
"""Most products of the shop: what one request answers, and lists prices of."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A product with its price for everybody; amounts in minor units."""

    product_id: int
    name: str
    price: int
    reduced_price: int


@dataclass(frozen=True, slots=True)
class BillLine:
    """A line of a cart or order, as a shopper sees it; amounts in minor units."""

    product_id: int
    name: str
    quantity: int
    subtotal: int
    total: int


@dataclass(frozen=True, slots=True)
class Bill:
    """What a cart or an order costs, as a shopper sees it; amounts in minor units.

    `codes` says of each code whether it gives a discount, not whether it exists. `written_total`
    is the total as the API wrote it.
    """

    subtotal: int
    discount: int
    total: int
    written_total: str
    lines: tuple[BillLine, ...]
    codes: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Counter:
    """The shop's requests to one address. They raise ScontoError."""

    sconto: AsyncClient

    async def list_offers(self) -> list[Offer]:
        """All products of the shop."""
        products = await self._list_products()
        if not products:
            return []
        prices = await self.sconto.checkout.list_prices(
            {
                "currency": CURRENCY,
                "products": [
                    {"product_id": product_id, "unit_price": product["price"]}
                    for product_id, product in products.items()
                ],
            }
        )
        return [
            Offer(
                priced["product_id"],
                products[priced["product_id"]]["name"],
                _amount(priced["unit_price"]),
                _amount(priced["price"]),
            )
            for priced in prices["products"]
        ]

    async def quote(self, basket: Basket) -> Bill | None:
        """What the basket costs now; None for an empty one."""
        products = await self._list_products()
        cart = _cart(basket, products)
        if not cart["lines"]:
            return None
        return _bill(await self.sconto.checkout.quote(cart), products)

    async def hold(self, order_id: str, basket: Basket, total: str) -> bool:
        """Hold the total that the shopper saw while they pay; False if it has changed."""
        cart = _cart(basket, await self._list_products())
        try:
            await self.sconto.checkout.hold(order_id, cart, expected_total=total)
        except (Conflict, RequestInvalid):
            return False
        return True

    async def find_hold(self, order_id: str) -> tuple[Bill, datetime] | None:
        """The hold of an order, and its end; None if there is none."""
        try:
            held = await self.sconto.checkout.get_hold(order_id)
        except NotFound:
            return None
        end = datetime.fromisoformat(held["expires_at"])
        return _bill(held, await self._list_products()), end

    async def release(self, order_id: str) -> None:
        """Release the hold of a shopper who does not pay: the codes are free again."""
        with suppress(NotFound):
            await self.sconto.checkout.release_hold(order_id)

    async def place_order(self, order_id: str, basket: Basket, total: str) -> bool:
        """Order the basket for the total that the shopper saw; False if the total has changed.

        Because the total is sent, a code that was used up meanwhile does not stop a shopper who saw
        the price without it. The same order sent twice is placed once.
        """
        cart = _cart(basket, await self._list_products())
        try:
            await self.sconto.checkout.place_order(order_id, cart, expected_total=total)
        except (Conflict, RequestInvalid):
            return False
        return True

    async def find_order(self, order_id: str) -> Bill | None:
        """The order; None if there is none."""
        try:
            order = await self.sconto.checkout.get_order(order_id)
        except NotFound:
            return None
        return _bill(order, await self._list_products())

    async def _list_products(self) -> Mapping[int, CatalogProduct]:
        """The first products of the catalogue: enough for a demo."""
        products = self.sconto.catalog.list_products(page_size=_SHOWN)
        shown = {}
        async for product in products:
            if product["currency"] == CURRENCY:
                shown[product["product_id"]] = product
            if len(shown) == _SHOWN:
                break
        return shown


def _cart(basket: Basket, products: Mapping[int, CatalogProduct]) -> Cart:
    """The basket as the API's cart, with the shop's prices, not the browser's."""
    lines: list[CartLine] = [
        {
            "line_id": str(product_id),
            "product_id": product_id,
            "quantity": quantity,
            "unit_price": products[product_id]["price"],
        }
        for product_id, quantity in basket.quantities.items()
        if product_id in products
    ]
    return {"currency": CURRENCY, "lines": lines, "codes": list(basket.codes)}


def _bill(priced: PricedCart, products: Mapping[int, CatalogProduct]) -> Bill:
    return Bill(
        _amount(priced["subtotal"]),
        _amount(priced["discount"]),
        _amount(priced["total"]),
        priced["total"],
        tuple(_bill_line(line, products) for line in priced["lines"]),
        tuple((code["code"], code["status"] == "applied") for code in priced["codes"]),
    )


def _bill_line(line: PricedLine, products: Mapping[int, CatalogProduct]) -> BillLine:
    product = products.get(line["product_id"])
    return BillLine(
        line["product_id"],
        str(line["product_id"]) if product is None else product["name"],
        line["quantity"],
        _amount(line["subtotal"]),
        _amount(line["total"]),
    )


def _amount(text: str) -> int:
    return parse_amount(text, CURRENCY, TOTAL_DIGITS)
