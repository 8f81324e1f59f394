"""Writes the JSON Schema of files of promotions, from the models of the APIs."""

import json
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from openapi.cart_models import CartCodes, CartPromotionToCreate
from openapi.fields import Absent, Instant, strict
from openapi.merchant_models import Coupons, PromotionCreate
from openapi.subscription_models import NewSubscriptionPromotion
from sconto.domain.codes import CodeType

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Id = Annotated[
    int | Absent,
    Field(ge=1, description="Whose entry it is. Without it, the name (or the code) says that."),
]
ChangedAt = Annotated[
    Instant | Absent,
    Field(description="As exported: `apply` refuses to overwrite what a user edited later."),
]


class CodesFile(BaseModel):
    """Codes in a CSV file in the same folder."""

    model_config = strict()

    file: Annotated[str, Field(min_length=1)]


class FiledCoupons(Coupons):
    """Codes, their discount and its products. Without codes, the promotion keeps its own."""

    coupon_code: Annotated[list[str], Field(min_length=1)] | CodesFile | Absent = None  # type: ignore[assignment]  # wider than in a request


class FiledProductPromotion(PromotionCreate):
    """A product promotion."""

    id: Id = None
    update_date: ChangedAt = None
    coupons: FiledCoupons | Absent = None


class FiledCartCodes(CartCodes):
    """The codes. Without their list, the promotion keeps its own."""

    code_type: CodeType
    codes: list[str] | CodesFile | Absent = None  # type: ignore[assignment]  # wider than in a request


class FiledCartPromotion(CartPromotionToCreate):
    """A cart promotion."""

    id: Id = None
    updated_at: ChangedAt = None
    codes: FiledCartCodes | None = None


class FiledSubscriptionPromotion(NewSubscriptionPromotion):
    """A subscription promotion."""

    id: Id = None
    updatedAt: ChangedAt = None


class PromotionFile(BaseModel):
    """A merchant's promotions, as `sconto promotions export` writes them."""

    model_config = strict()

    format: Literal[1]
    product_promotions: list[FiledProductPromotion] | None = None
    cart_promotions: list[FiledCartPromotion] | None = None
    subscription_promotions: list[FiledSubscriptionPromotion] | None = None


def written() -> str:
    """The text of the schema."""
    schema: dict[str, Any] = {"$schema": _DIALECT, **PromotionFile.model_json_schema()}
    return json.dumps(schema, indent=1) + "\n"
