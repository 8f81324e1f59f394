"""Carts: what a shopper is about to buy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A product in a cart; `unit_price` in minor units of the cart's currency."""

    line_id: str
    product_id: int
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class Cart:
    """Lines and activated codes, the codes as typed and in the order of activation."""

    currency: str
    lines: tuple[Line, ...]
    codes: tuple[str, ...] = ()
