"""The bodies of `cart` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import Literal, NotRequired, TypedDict

from sconto.client.bodies.checkout import CartToPrice
from sconto.client.bodies.words import CodeType, Measure, Target

CartHours = TypedDict(
    "CartHours",
    {
        "weekdays": NotRequired[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]],
        "from": str,
        "until": str,
        "time_zone": str,
    },
)
"""The hours in which the promotion runs; `from` is included, `until` is not."""


class CartCodes(TypedDict):
    """The codes; a cart needs one of them. The code endpoints add and remove single ones."""

    code_type: CodeType
    codes: NotRequired[list[str]]


class CartProducts(TypedDict):
    """Products by id or tag, or all if neither is given; without the exceptions."""

    ids: NotRequired[list[int]]
    tags: NotRequired[list[str]]
    except_ids: NotRequired[list[int]]
    except_tags: NotRequired[list[str]]


class PercentBenefit(TypedDict):
    """A percent, with an optional maximum for the total."""

    type: Literal["percent"]
    percent: str
    at_most: NotRequired[dict[str, str]]


class AmountBenefit(TypedDict):
    """An amount: for each unit of a line, or once for the order or for shipping."""

    type: Literal["amount"]
    amounts: dict[str, str]
    """By currency, each an amount in major units."""


class PriceBenefit(TypedDict):
    """The price of each unit; cheaper lines do not change. For lines only."""

    type: Literal["price"]
    prices: dict[str, str]
    """By currency, each an amount in major units."""


class UnitsBenefit(TypedDict):
    """For every `buy` units, `get` units at a discount, the cheapest first. For lines only."""

    type: Literal["units"]
    buy: int
    get: int
    percent: NotRequired[str]
    get_products: NotRequired[CartProducts]
    at_most: NotRequired[int]
    """Units."""


BenefitTier = TypedDict(
    "BenefitTier", {"from": dict[str, str] | int, "benefit": PercentBenefit | AmountBenefit}
)
"""The discount from a subtotal or a quantity on."""


class TiersBenefit(TypedDict):
    """The highest tier that is reached applies."""

    type: Literal["tiers"]
    by: Measure
    tiers: list[BenefitTier]


class CartConditions(TypedDict):
    """What a cart must have; the minimums are measured on the covered lines."""

    minimum_subtotal: NotRequired[dict[str, str]]
    minimum_quantity: NotRequired[int]
    segments: NotRequired[list[str]]
    first_order: NotRequired[bool]


class CartLimits(TypedDict):
    """How many orders it may serve, in total and per customer, and what it may cost."""

    total: NotRequired[int]
    per_customer: NotRequired[int]
    budget: NotRequired[dict[str, str]]


class CartPromotionToCreate(TypedDict):
    """A cart promotion."""

    name: str
    active: NotRequired[bool]
    starts_at: NotRequired[str | None]
    """Default: now."""
    ends_at: NotRequired[str | None]
    hours: NotRequired[CartHours | None]
    codes: NotRequired[CartCodes | None]
    """None: it applies by itself."""
    target: Target
    products: NotRequired[CartProducts | None]
    on_discounted: NotRequired[bool]
    """False: not on lines with a product promotion."""
    benefit: PercentBenefit | AmountBenefit | PriceBenefit | UnitsBenefit | TiersBenefit
    conditions: NotRequired[CartConditions | None]
    limits: NotRequired[CartLimits | None]
    priority: NotRequired[int]
    exclusive: NotRequired[bool]


class CartPromotionDraft(CartPromotionToCreate):
    """A cart promotion that is not stored."""


class StoredCartPromotion(TypedDict):
    """A stored cart promotion."""

    id: int
    name: str
    active: bool
    starts_at: str
    ends_at: str | None
    hours: CartHours | None
    codes: CartCodes | None
    target: Target
    products: CartProducts | None
    on_discounted: bool
    benefit: PercentBenefit | AmountBenefit | PriceBenefit | UnitsBenefit | TiersBenefit
    conditions: CartConditions
    limits: CartLimits
    priority: int
    exclusive: bool
    created_at: str
    updated_at: str


class CartPromotionPage(TypedDict):
    """A page of promotions, the latest created first; without their codes."""

    promotions: list[StoredCartPromotion]
    next_cursor: str | None


class CartPromotionPatch(TypedDict):
    """A JSON merge patch (RFC 7396): absent fields stay, null removes a field."""

    name: NotRequired[str]
    active: NotRequired[bool | None]
    starts_at: NotRequired[str | None]
    ends_at: NotRequired[str | None]
    hours: NotRequired[dict[str, object] | None]
    """A merge patch of the object."""
    codes: NotRequired[dict[str, object] | None]
    """A merge patch of the object."""
    target: NotRequired[Target]
    products: NotRequired[dict[str, object] | None]
    """A merge patch of the object."""
    on_discounted: NotRequired[bool | None]
    benefit: NotRequired[dict[str, object] | None]
    """A merge patch of the object."""
    conditions: NotRequired[dict[str, object] | None]
    """A merge patch of the object."""
    limits: NotRequired[dict[str, object] | None]
    """A merge patch of the object."""
    priority: NotRequired[int | None]
    exclusive: NotRequired[bool | None]


class CartHistoryEntry(TypedDict):
    """Who changed what; `username` is null for changes by the command line."""

    id: int
    recorded_at: str
    username: str | None
    verb: str
    before: dict[str, object] | None
    after: dict[str, object] | None


class CartHistoryPage(TypedDict):
    """A page of entries, the latest first."""

    entries: list[CartHistoryEntry]
    next_cursor: str | None


class CartToTry(CartToPrice):
    """The body of a quote."""


class CartTrial(TypedDict):
    """A draft and a cart; with `promotion_id` the draft replaces that promotion."""

    promotion_id: NotRequired[int]
    promotion: CartPromotionDraft
    cart: CartToTry
