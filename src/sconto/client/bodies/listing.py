"""The bodies of `listing` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import NotRequired, TypedDict

from sconto.client.bodies.cart_outcome import LineAdjustment


class PriceToList(TypedDict):
    """A product and its price without promotions."""

    product_id: int
    unit_price: str
    """In major units, with at most the currency's decimals."""


class PricesToList(TypedDict):
    """The products of a listing page."""

    currency: str
    """An ISO 4217 code."""
    products: list[PriceToList]


class ListedPrice(TypedDict):
    """What one unit of a product costs without a code."""

    product_id: int
    unit_price: str
    price: str
    discount_percent: str
    promotion_id: int | None
    adjustments: NotRequired[list[LineAdjustment]]
    """What cart promotions take off after that; only if there are any."""


class PriceList(TypedDict):
    """What one unit of each product costs without a code."""

    currency: str
    """An ISO 4217 code."""
    products: list[ListedPrice]
