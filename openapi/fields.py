"""Types of fields that several formats have."""

from typing import Annotated, TypeVar

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict
from pydantic.json_schema import SkipJsonSchema

from sconto.domain.names import REFERENCE_LENGTH
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

Total = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,23})(\.[0-9]{1,4})?$")]

Reference = Annotated[
    str,
    Field(
        min_length=1,
        max_length=REFERENCE_LENGTH,
        description="The shop's own id; no control characters.",
    ),
]

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


def strict(example: JsonDict | None = None) -> ConfigDict:
    """Other fields are refused; with an example."""
    if example is None:
        return ConfigDict(extra="forbid")
    return ConfigDict(extra="forbid", json_schema_extra={"example": example})
