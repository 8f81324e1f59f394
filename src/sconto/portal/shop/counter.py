"""The counter: the shop's requests to Sconto's HTTP API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote as quoted

from sconto.domain.money import TOTAL_DIGITS, parse_amount
from sconto.portal.shop.basket import Basket
from sconto.portal.shop.till import Server, ShopClosed, Till

CURRENCY: Final = "EUR"
"""The shop's currency: products with other currencies are not offered."""

_SHOWN: Final = 1000
"""Most products of the shop: enough for a demo, and one request."""

Json = dict[str, Any]


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
    """The shop's requests to one address. They raise ShopClosed."""

    till: Till
    server: Server

    async def list_offers(self) -> list[Offer]:
        """All products of the shop."""
        products = await self._list_products()
        if not products:
            return []
        wanted = [
            {"product_id": product_id, "unit_price": product["price"]}
            for product_id, product in products.items()
        ]
        prices = await self._ask(
            "POST", "/checkout/v1/prices", {"currency": CURRENCY, "products": wanted}
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
        return _bill(await self._ask("POST", "/checkout/v1/quotes", cart), products)

    async def place_order(self, order_id: str, basket: Basket, total: str) -> bool:
        """Order the basket for the total that the shopper saw; False if the total has changed.

        Because the total is sent, a code that was used up meanwhile does not stop a shopper who saw
        the price without it. The same order sent twice is placed once.
        """
        cart = _cart(basket, await self._list_products())
        order = {**cart, "order_id": order_id, "expected_total": total}
        answer = await self.till.ask(self.server, "POST", "/checkout/v1/orders", order)
        return answer.status in (200, 201)

    async def find_order(self, order_id: str) -> Bill | None:
        """The order; None if there is none."""
        path = f"/checkout/v1/orders/{quoted(order_id, safe='')}"
        answer = await self.till.ask(self.server, "GET", path)
        return _bill(answer.body, await self._list_products()) if answer.status == 200 else None

    async def _list_products(self) -> Mapping[int, Json]:
        answer = await self._ask("GET", f"/catalog/v1/products?limit={_SHOWN}")
        return {
            product["product_id"]: product
            for product in answer["products"]
            if product["currency"] == CURRENCY
        }

    async def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """The answer to a request that must succeed."""
        answer = await self.till.ask(self.server, method, path, body)
        if answer.status != 200:
            raise ShopClosed(f"{method} {path} was answered with {answer.status}")
        found: Json = answer.body
        return found


def _cart(basket: Basket, products: Mapping[int, Json]) -> Json:
    """The basket as the API's cart, with the shop's prices, not the browser's."""
    lines = [
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


def _bill(priced: Json, products: Mapping[int, Json]) -> Bill:
    return Bill(
        _amount(priced["subtotal"]),
        _amount(priced["discount"]),
        _amount(priced["total"]),
        priced["total"],
        tuple(_bill_line(line, products) for line in priced["lines"]),
        tuple((code["code"], code["status"] == "applied") for code in priced["codes"]),
    )


def _bill_line(line: Json, products: Mapping[int, Json]) -> BillLine:
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
