"""Types of fields that several formats have."""

from typing import Annotated, TypeVar

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from sconto.domain.product import HIGHEST_PRODUCT_ID

T = TypeVar("T")

Absent = SkipJsonSchema[None]
"""A field of this type may be left out; it may not be null."""

Filled = Annotated[list[T], Field(min_length=1)]

ProductId = Annotated[int, Field(ge=1, le=HIGHEST_PRODUCT_ID)]

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="An ISO 4217 code.")]

Price = Annotated[
    str,
    Field(
        pattern=r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?$",
        description="In major units, with at most the currency's decimals.",
    ),
]
