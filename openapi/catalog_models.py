"""The bodies of the catalogue API, with an example of each."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from openapi.fields import Absent, Currency, Price, ProductId
from sconto.domain.names import NAME_LENGTH, REFERENCE_LENGTH
from sconto.domain.product import MAX_PRODUCTS, MAX_TAGS

_MUG: Final[JsonDict] = {"product_id": 11111, "name": "Mug", "price": "19.99", "currency": "EUR"}


class CatalogProduct(BaseModel):
    """A product of the shop."""

    model_config = ConfigDict(
        extra="forbid", title="CatalogProduct", json_schema_extra={"example": _MUG}
    )

    product_id: ProductId
    name: Annotated[
        str,
        Field(min_length=1, max_length=NAME_LENGTH, description="No control characters."),
    ]
    price: Price
    currency: Currency
    tags: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=REFERENCE_LENGTH)]] | Absent,
        Field(
            max_length=MAX_TAGS,
            description="What cart promotions choose products by. Left out, the product keeps its "
            "tags; an answer has them only if there are any.",
        ),
    ] = None


class CatalogPut(BaseModel):
    """Products to create or change, each named once."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"products": [_MUG]}})

    products: Annotated[list[CatalogProduct], Field(min_length=1, max_length=MAX_PRODUCTS)]


class CatalogCounts(BaseModel):
    """How many products were created, updated and left unchanged; the sum is their number."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"created": 1, "updated": 0, "unchanged": 0}}
    )

    created: int
    updated: int
    unchanged: int


class CatalogPage(BaseModel):
    """A page of the list, by ascending id."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"products": [_MUG], "next_cursor": "MTExMTE"}}
    )

    products: list[CatalogProduct]
    next_cursor: Annotated[
        str | None, Field(description="The cursor of the next page; null on the last.")
    ]
