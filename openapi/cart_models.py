"""The bodies of the cart promotions API, with an example of each."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from openapi.checkout_models import CartToPrice, Percent
from openapi.fields import Absent, Filled, Instant, ProductId, Reference, Total, strict
from sconto.domain.cart_promotion import Measure, Target
from sconto.domain.codes import CodeType
from sconto.domain.names import NAME_LENGTH

Amounts = Annotated[
    dict[str, Total],
    Field(min_length=1, description="By currency, each an amount in major units."),
]
Tag = Reference
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Patch = Annotated[dict[str, object] | None, Field(description="A merge patch of the object.")]

SENT: Final[JsonDict] = {
    "name": "10 off from 50",
    "target": "order",
    "benefit": {"type": "amount", "amounts": {"EUR": "10.00"}},
    "conditions": {"minimum_subtotal": {"EUR": "50.00"}},
    "limits": {"total": 5000, "per_customer": 1},
}
STORED: Final[JsonDict] = {
    "id": 51,
    "name": "10 off from 50",
    "active": True,
    "starts_at": "2026-11-28T00:00:00+00:00",
    "ends_at": None,
    "hours": None,
    "codes": None,
    "target": "order",
    "products": None,
    "on_discounted": True,
    "benefit": {"type": "amount", "amounts": {"EUR": "10.00"}},
    "conditions": {"minimum_subtotal": {"EUR": "50.00"}},
    "limits": {"total": 5000, "per_customer": 1},
    "priority": 0,
    "exclusive": False,
    "created_at": "2026-11-28T00:00:00+00:00",
    "updated_at": "2026-11-28T00:00:00+00:00",
}


class CartProducts(BaseModel):
    """Products by id or tag, or all if neither is given; without the exceptions."""

    model_config = strict()

    ids: Annotated[list[ProductId], Field(min_length=1, max_length=10_000)] | Absent = None
    tags: Filled[Tag] | Absent = None
    except_ids: Annotated[list[ProductId], Field(min_length=1, max_length=10_000)] | Absent = None
    except_tags: Filled[Tag] | Absent = None


class PercentBenefit(BaseModel):
    """A percent, with an optional maximum for the total."""

    model_config = strict()

    type: Literal["percent"]
    percent: Percent
    at_most: Amounts | Absent = None


class AmountBenefit(BaseModel):
    """An amount: for each unit of a line, or once for the order or for shipping."""

    model_config = strict()

    type: Literal["amount"]
    amounts: Amounts


class PriceBenefit(BaseModel):
    """The price of each unit; cheaper lines do not change. For lines only."""

    model_config = strict()

    type: Literal["price"]
    prices: Amounts


class UnitsBenefit(BaseModel):
    """For every `buy` units, `get` units at a discount, the cheapest first. For lines only."""

    model_config = strict()

    type: Literal["units"]
    buy: Count
    get: Count
    percent: Percent | Absent = None
    get_products: CartProducts | Absent = None
    at_most: Annotated[Count | Absent, Field(description="Units.")] = None


class BenefitTier(BaseModel):
    """The discount from a subtotal or a quantity on."""

    model_config = strict()

    from_: Annotated[Amounts | Count, Field(alias="from")]
    benefit: PercentBenefit | AmountBenefit


class TiersBenefit(BaseModel):
    """The highest tier that is reached applies."""

    model_config = strict()

    type: Literal["tiers"]
    by: Measure
    tiers: Annotated[list[BenefitTier], Field(min_length=1, max_length=20)]


CartBenefit = Annotated[
    PercentBenefit | AmountBenefit | PriceBenefit | UnitsBenefit | TiersBenefit,
    Field(discriminator="type"),
]


class CartHours(BaseModel):
    """The hours in which the promotion runs; `from` is included, `until` is not."""

    model_config = strict()

    weekdays: Filled[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] | Absent = None
    from_: Annotated[str, Field(alias="from", pattern="^[0-2][0-9]:[0-5][0-9]$")]
    until: Annotated[str, Field(pattern="^[0-2][0-9]:[0-5][0-9]$")]
    time_zone: Annotated[str, Field(description="An IANA name, such as Europe/Berlin.")]


class CartConditions(BaseModel):
    """What a cart must have; the minimums are measured on the covered lines."""

    model_config = strict()

    minimum_subtotal: Amounts | Absent = None
    minimum_quantity: Count | Absent = None
    segments: Filled[Reference] | Absent = None
    first_order: bool | Absent = None


class CartLimits(BaseModel):
    """How many orders it may serve, in total and per customer, and what it may cost."""

    model_config = strict()

    total: Count | Absent = None
    per_customer: Count | Absent = None
    budget: Amounts | Absent = None


class CartCodes(BaseModel):
    """The codes; a cart needs one of them. The code endpoints add and remove single ones."""

    model_config = strict()

    code_type: CodeType
    codes: list[str] | Absent = None


class CartPromotionToCreate(BaseModel):
    """A cart promotion."""

    model_config = strict(SENT)

    name: Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
    active: bool = True
    starts_at: Annotated[Instant | None, Field(description="Default: now.")] = None
    ends_at: Instant | None = None
    hours: CartHours | None = None
    codes: Annotated[CartCodes | None, Field(description="None: it applies by itself.")] = None
    target: Target
    products: CartProducts | None = None
    on_discounted: Annotated[
        bool, Field(description="False: not on lines with a product promotion.")
    ] = True
    benefit: CartBenefit
    conditions: CartConditions | None = None
    limits: CartLimits | None = None
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    exclusive: bool = False


class CartPromotionPatch(BaseModel):
    """A JSON merge patch (RFC 7396): absent fields stay, null removes a field."""

    model_config = strict({"limits": {"total": 6000, "per_customer": None}})

    name: Annotated[str | Absent, Field(min_length=1, max_length=NAME_LENGTH)] = None
    active: bool | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    hours: Patch = None
    codes: Patch = None
    target: Target | Absent = None
    products: Patch = None
    on_discounted: bool | None = None
    benefit: Patch = None
    conditions: Patch = None
    limits: Patch = None
    priority: Annotated[int | None, Field(ge=-1000, le=1000)] = None
    exclusive: bool | None = None


class StoredCartPromotion(BaseModel):
    """A stored cart promotion."""

    model_config = strict(STORED)

    id: int
    name: str
    active: bool
    starts_at: Instant
    ends_at: Instant | None
    hours: CartHours | None
    codes: CartCodes | None
    target: Target
    products: CartProducts | None
    on_discounted: bool
    benefit: CartBenefit
    conditions: CartConditions
    limits: CartLimits
    priority: int
    exclusive: bool
    created_at: Instant
    updated_at: Instant


class CartPromotionPage(BaseModel):
    """A page of promotions, the latest created first; without their codes."""

    model_config = strict({"promotions": [STORED], "next_cursor": None})

    promotions: list[StoredCartPromotion]
    next_cursor: str | None


class CartHistoryEntry(BaseModel):
    """Who changed what; `username` is null for changes by the command line."""

    id: int
    recorded_at: Instant
    username: str | None
    verb: str
    before: dict[str, object] | None
    after: dict[str, object] | None


class CartHistoryPage(BaseModel):
    """A page of entries, the latest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "entries": [
                    {
                        "id": 7,
                        "recorded_at": "2026-11-28T00:00:00+00:00",
                        "username": "demo",
                        "verb": "changed",
                        "before": {"active": True},
                        "after": {"active": False},
                    }
                ],
                "next_cursor": None,
            }
        }
    )

    entries: list[CartHistoryEntry]
    next_cursor: str | None


class CartPromotionDraft(CartPromotionToCreate):
    """A cart promotion that is not stored."""

    model_config = strict()


class CartToTry(CartToPrice):
    """The body of a quote."""

    model_config = strict()


class CartTrial(BaseModel):
    """A draft and a cart; with `promotion_id` the draft replaces that promotion."""

    model_config = strict(
        {
            "promotion": SENT,
            "cart": {
                "currency": "EUR",
                "lines": [
                    {"line_id": "1", "product_id": 11111, "quantity": 3, "unit_price": "19.99"}
                ],
                "customer": {"id": "c-17"},
            },
        }
    )

    promotion_id: int | Absent = None
    promotion: CartPromotionDraft
    cart: CartToTry
