"""The bodies of listing prices, with an example of each."""

from typing import Annotated

from pydantic import BaseModel, Field

from openapi.cart_outcome_models import LineAdjustment
from openapi.checkout_models import Percent
from openapi.fields import Absent, Currency, Price, ProductId, Total, strict
from sconto.domain.cart_limits import MAX_PRICES


class PriceToList(BaseModel):
    """A product and its price without promotions."""

    model_config = strict()

    product_id: ProductId
    unit_price: Price


class PricesToList(BaseModel):
    """The products of a listing page."""

    model_config = strict(
        {
            "currency": "EUR",
            "products": [
                {"product_id": 11111, "unit_price": "19.99"},
                {"product_id": 33333, "unit_price": "6.90"},
            ],
        }
    )

    currency: Currency
    products: Annotated[list[PriceToList], Field(min_length=1, max_length=MAX_PRICES)]


class ListedPrice(BaseModel):
    """What one unit of a product costs without a code."""

    model_config = strict()

    product_id: int
    unit_price: Total
    price: Total
    discount_percent: Percent
    promotion_id: int | None
    adjustments: Annotated[
        list[LineAdjustment] | Absent,
        Field(description="What cart promotions take off after that; only if there are any."),
    ] = None


class PriceList(BaseModel):
    """What one unit of each product costs without a code."""

    model_config = strict(
        {
            "currency": "EUR",
            "products": [
                {
                    "product_id": 11111,
                    "unit_price": "19.99",
                    "price": "18.99",
                    "discount_percent": "5",
                    "promotion_id": 12,
                },
                {
                    "product_id": 33333,
                    "unit_price": "6.90",
                    "price": "5.90",
                    "discount_percent": "0",
                    "promotion_id": None,
                    "adjustments": [{"promotion_id": 51, "target": "lines", "discount": "1.00"}],
                },
            ],
        }
    )

    currency: Currency
    products: list[ListedPrice]
