"""The shopper's basket: products with quantities, and codes, stored in a cookie.

While the shopper pays, it also names the order that its price and codes are held for.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.domain.blanks import trim
from sconto.domain.codes import typed_code_key
from sconto.domain.numbers import MAX_INT64

COOKIE: Final = "sconto_basket"

_ORDER_ID: Final = re.compile(r"shop-[0-9a-f]{32}")

MAX_LINES_OF_BASKET: Final = 50
MAX_CODES_OF_BASKET: Final = 5
MAX_UNITS_OF_PRODUCT: Final = 1000
LONGEST_CODE: Final = 64
"""Limits that make a basket fit into a cookie."""


@dataclass(frozen=True, slots=True)
class Basket:
    """Quantities by product, and codes in the order of entry.

    `order_id` is the order that is being paid.
    """

    quantities: Mapping[int, int] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    order_id: str | None = None

    def with_more(self, product_id: int, quantity: int) -> "Basket":
        """The basket with more units of the product, up to its limits."""
        return self.with_quantity(product_id, self.quantities.get(product_id, 0) + quantity)

    def with_quantity(self, product_id: int, quantity: int) -> "Basket":
        """The basket with this many units of the product; none if `quantity` is not positive."""
        quantities = {**self.quantities, product_id: min(quantity, MAX_UNITS_OF_PRODUCT)}
        if quantity < 1:
            del quantities[product_id]
        return replace(self, quantities=dict(list(quantities.items())[:MAX_LINES_OF_BASKET]))

    def with_code(self, code: str) -> "Basket":
        """The basket with the code at the end; the oldest are dropped if there are too many."""
        code = trim(code)
        if not 0 < len(code) <= LONGEST_CODE or not code.isprintable():
            return self
        return replace(self, codes=(*self.without_code(code).codes, code)[-MAX_CODES_OF_BASKET:])

    def without_code(self, code: str) -> "Basket":
        """The basket without the code, in any spelling."""
        key = typed_code_key(code)
        return replace(self, codes=tuple(one for one in self.codes if typed_code_key(one) != key))


def is_order_id(text: str) -> bool:
    """Whether the text can be the id of one of the shop's orders.

    Ids cannot be guessed: an id gives the right to see its order.
    """
    return _ORDER_ID.fullmatch(text) is not None


def basket_of(request: Request) -> Basket:
    """The basket of the cookie; an empty one for a missing or broken cookie."""
    try:
        quantities, codes, *paying = json.loads(
            base64.urlsafe_b64decode(request.cookies.get(COOKIE, ""))
        )
        basket = Basket()
        for product_id, quantity in quantities:
            if type(product_id) is int and type(quantity) is int and 0 < product_id <= MAX_INT64:
                basket = basket.with_quantity(product_id, quantity)
        for code in codes:
            basket = basket.with_code(str(code))
        if paying and isinstance(paying[0], str) and is_order_id(paying[0]):
            basket = replace(basket, order_id=paying[0])
    except (binascii.Error, ValueError, TypeError):
        return Basket()
    return basket


def keep_basket(request: Request, response: Response, basket: Basket) -> None:
    """Set the cookie, until the browser is closed."""
    paying = () if basket.order_id is None else (basket.order_id,)
    stored = [list(basket.quantities.items()), basket.codes, *paying]
    text = json.dumps(stored, separators=(",", ":"))
    response.set_cookie(
        COOKIE,
        base64.urlsafe_b64encode(text.encode()).decode(),
        path=request.scope["root_path"],
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
