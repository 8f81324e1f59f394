"""The bodies of `merchant` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import Any, NotRequired, TypedDict

from sconto.client.bodies.words import CodeState, CodeType, PromotionType


class SignIn(TypedDict):
    """A user's credentials."""

    username: str
    password: str


class SignedIn(TypedDict):
    """`token` is for the other requests; `refresh_token` is not used."""

    token: str
    refresh_token: str


class MerchantError(TypedDict):
    """An error's code and message; for a file, also the line."""

    error: int
    message: str
    line: NotRequired[int]


class MerchantErrors(TypedDict):
    """All errors, in the order of their fields."""

    errors: list[MerchantError]


class OwnPercent(TypedDict):
    """A product and its own percent."""

    product_id: int
    discount_percent: str
    """Above 0 and at most 100, with up to 6 decimals; a number is accepted too."""


class Discounts(TypedDict):
    """The discount and its products: exactly one of `discount_percent` and `products`."""

    discount_percent: NotRequired[str]
    product_id: NotRequired[list[int]]
    """Without it, all products. Not together with `products`."""
    products: NotRequired[list[OwnPercent]]


class Coupons(Discounts):
    """Codes, their discount and its products."""

    coupon_type: NotRequired[CodeType]
    """`one-time`: a code serves the products of one order."""
    coupon_code: list[str]
    """Compared whatever the case; no repeats."""


class PromotionCreate(TypedDict):
    """A promotion to create: type `coupon` needs `coupons`, type `discount` needs `discounts`."""

    promotion_type: PromotionType
    promotion_name: str
    status: NotRequired[bool]
    """Only an active promotion applies."""
    date_from: NotRequired[str]
    """Without it, now."""
    date_to: NotRequired[str]
    """Its whole second is included. Without it, no end."""
    coupons: NotRequired[Coupons]
    discounts: NotRequired[Discounts]


class PromotionCreated(TypedDict):
    """The new promotion."""

    id: int


class PromotionList(TypedDict):
    """The ids of the promotions found."""

    ids: list[int]


class PromotionAnswer(TypedDict):
    """A promotion, with only the object of its type."""

    id: int
    promotion_type: PromotionType
    promotion_name: str
    status: bool
    date_from: str
    """`YYYY-MM-DDThh:mm:ss±hh:mm`; answered in the server's time zone."""
    date_to: str
    """`YYYY-MM-DDThh:mm:ss±hh:mm`; answered in the server's time zone."""
    update_date: str
    """`YYYY-MM-DDThh:mm:ss±hh:mm`; answered in the server's time zone."""
    coupons: NotRequired[Coupons]
    discounts: NotRequired[Discounts]


class PromotionModify(TypedDict):
    """Changes: an absent field keeps its value, an object replaces the old one completely."""

    promotion_type: PromotionType
    promotion_name: NotRequired[str]
    status: NotRequired[bool]
    date_from: NotRequired[str]
    date_to: NotRequired[str]
    coupons: NotRequired[Coupons]
    discounts: NotRequired[Discounts]


class Nothing(TypedDict):
    """An empty object: the request succeeded."""


class StatisticsQuestion(TypedDict):
    """The promotion whose statistics are wanted."""

    id: int | str


class CodeStatistics(TypedDict):
    """The redemptions of a code while it was of this type."""

    coupon_code: str
    coupon_type: CodeType
    coupon_uses: int
    coupon_id: int


class PromotionStatistics(TypedDict):
    """The redemptions of a promotion; `coupons` if it is of type coupon or ever had codes."""

    promotion_uses: int
    coupons: NotRequired[list[CodeStatistics]]


class CodeListed(TypedDict):
    """A code; `used_by` and `used_at` if an order used it up while it was one-time."""

    coupon_code: str
    coupon_id: int
    state: CodeState
    coupon_uses: int
    used_by: NotRequired[str]
    used_at: NotRequired[str]


class CodesListed(TypedDict):
    """Some codes; `next_cursor` is null on the last page."""

    codes: list[CodeListed]
    next_cursor: str | None


class CodesSent(TypedDict):
    """Codes to add or to remove."""

    coupon_code: list[str]
    """No repeats."""


class CodesAdded(TypedDict):
    """How many codes were added: all in the request."""

    added: int


class CodesRemoved(TypedDict):
    """How many codes were removed, and those that the promotion did not have."""

    removed: int
    not_found: list[str]


class HistoryEntry(TypedDict):
    """A change. `username` is null for changes by the command line."""

    id: int
    date: str
    """`YYYY-MM-DDThh:mm:ss±hh:mm`; answered in the server's time zone."""
    username: str | None
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class History(TypedDict):
    """Some changes, the latest first; `next_cursor` is null on the last page."""

    history: list[HistoryEntry]
    next_cursor: str | None


class DailyUses(TypedDict):
    """Uses of a code on a day. `coupon_id` and `coupon_code` are null for all one-time codes."""

    date: str
    coupon_id: int | None
    coupon_code: str | None
    coupon_type: CodeType | None
    currency: str
    uses: int
    """As in the published statistics."""
    applied_uses: int
    """Those in which no other promotion gave more."""
    discount: str
    """What they took off."""


class DailyStatistics(TypedDict):
    """Some uses by day, code and currency; `next_cursor` is null on the last page."""

    days: list[DailyUses]
    next_cursor: str | None
