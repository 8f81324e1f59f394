"""The bodies of the merchant API, with the published examples."""

import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from openapi.fields import Absent, Filled
from openapi.fields import ProductId as AnyProductId
from sconto.domain.code_list import CodeState
from sconto.domain.codes import CodeType
from sconto.domain.promotion import PromotionType

_COUPONS: Final[dict[str, Any]] = {
    "coupon_type": "one-time",
    "coupon_code": ["PROMO-001", "PROMO-002"],
    "discount_percent": "10",
    "product_id": [11111],
}

Instant = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}$",
        description="`YYYY-MM-DDThh:mm:ss±hh:mm`; answered in the server's time zone.",
        examples=["2023-01-01T00:00:00+03:00"],
    ),
]
Percent = Annotated[
    str,
    Field(
        pattern=r"^\d+(\.\d{1,6})?$",
        description="Above 0 and at most 100, with up to 6 decimals; a number is accepted too.",
        examples=["10"],
    ),
]
ProductId = Annotated[AnyProductId, Field(examples=[11111])]
# Includes the marks that may follow a letter of this block as separate characters.
Code = Annotated[
    str,
    Field(
        min_length=1,
        max_length=60,
        pattern="^[A-Za-z0-9\u0400-\u04ff\u0300\u0301\u0304\u0306\u0308\u030b\u030f_.-]+$",
        description="1 to 30 letters, digits, `-`, `_` and `.`; a letter and its mark may be two "
        "characters. Case does not matter.",
    ),
]
Name = Annotated[str, Field(min_length=1, max_length=255, examples=["Black Friday"])]


class OwnPercent(BaseModel):
    """A product and its own percent."""

    model_config = ConfigDict(extra="forbid")

    product_id: ProductId
    discount_percent: Percent


class Discounts(BaseModel):
    """The discount and its products: exactly one of `discount_percent` and `products`."""

    model_config = ConfigDict(extra="forbid")

    discount_percent: Percent | Absent = None
    product_id: Annotated[
        Filled[ProductId] | Absent,
        Field(description="Without it, all products. Not together with `products`."),
    ] = None
    products: Filled[OwnPercent] | Absent = None


class Coupons(Discounts):
    """Codes, their discount and its products."""

    coupon_type: Annotated[
        CodeType | Absent,
        Field(description="`one-time`: a code serves the products of one order."),
    ] = None
    coupon_code: Annotated[
        Filled[Code],
        Field(description="Compared whatever the case; no repeats."),
    ]


class PromotionCreate(BaseModel):
    """A promotion to create: type `coupon` needs `coupons`, type `discount` needs `discounts`."""

    model_config = ConfigDict(extra="forbid")

    promotion_type: PromotionType
    promotion_name: Name
    status: Annotated[bool, Field(description="Only an active promotion applies.")] = True
    date_from: Annotated[Instant | Absent, Field(description="Without it, now.")] = None
    date_to: Annotated[
        Instant | Absent, Field(description="Its whole second is included. Without it, no end.")
    ] = None
    coupons: Coupons | Absent = None
    discounts: Discounts | Absent = None


class PromotionModify(BaseModel):
    """Changes: an absent field keeps its value, an object replaces the old one completely."""

    model_config = ConfigDict(extra="forbid")

    promotion_type: PromotionType
    promotion_name: Name | Absent = None
    status: bool | Absent = None
    date_from: Instant | Absent = None
    date_to: Instant | Absent = None
    coupons: Coupons | Absent = None
    discounts: Discounts | Absent = None


class PromotionCreated(BaseModel):
    """The new promotion."""

    id: Annotated[int, Field(examples=[45566])]


class PromotionAnswer(BaseModel):
    """A promotion, with only the object of its type."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": 36,
                "promotion_type": "coupon",
                "promotion_name": "Black Friday",
                "status": True,
                "date_from": "2022-04-08T12:53:02+03:00",
                "date_to": "3000-01-01T00:00:00+03:00",
                "update_date": "2022-11-01T12:53:02+03:00",
                "coupons": _COUPONS,
            }
        }
    )

    id: int
    promotion_type: PromotionType
    promotion_name: str
    status: bool
    date_from: Instant
    date_to: Instant
    update_date: Instant
    coupons: Coupons | Absent = None
    discounts: Discounts | Absent = None


class PromotionList(BaseModel):
    """The ids of the promotions found."""

    ids: Annotated[list[int], Field(examples=[[45566, 36]])]


class StatisticsQuestion(BaseModel):
    """The promotion whose statistics are wanted."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"id": 4}})

    id: int | str


class CodeStatistics(BaseModel):
    """The redemptions of a code while it was of this type."""

    coupon_code: str
    coupon_type: CodeType
    coupon_uses: int
    coupon_id: int


class PromotionStatistics(BaseModel):
    """The redemptions of a promotion; `coupons` if it is of type coupon or ever had codes."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "promotion_uses": 3,
                "coupons": [
                    {
                        "coupon_code": "PROMO-001",
                        "coupon_type": "one-time",
                        "coupon_uses": 2,
                        "coupon_id": 71,
                    }
                ],
            }
        }
    )

    promotion_uses: int
    coupons: list[CodeStatistics] | Absent = None


class Nothing(BaseModel):
    """An empty object: the request succeeded."""


class MerchantError(BaseModel):
    """An error's code and message; for a file, also the line."""

    error: int
    message: str
    line: int | Absent = None


class MerchantErrors(BaseModel):
    """All errors, in the order of their fields."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "errors": [
                    {"error": 11010, "message": "Invalid field value: date_from"},
                    {"error": 11010, "message": "Invalid field value: product_id"},
                ]
            }
        }
    )

    errors: list[MerchantError]


class CodesSent(BaseModel):
    """Codes to add or to remove."""

    model_config = ConfigDict(extra="forbid")

    coupon_code: Annotated[
        Filled[Code], Field(examples=[["PROMO-003", "PROMO-004"]], description="No repeats.")
    ]


class CodesAdded(BaseModel):
    """How many codes were added: all in the request."""

    added: Annotated[int, Field(examples=[2])]


class CodesRemoved(BaseModel):
    """How many codes were removed, and those that the promotion did not have."""

    removed: Annotated[int, Field(examples=[1])]
    not_found: Annotated[list[str], Field(examples=[["PROMO-009"]])]


class CodeListed(BaseModel):
    """A code; `used_by` and `used_at` if an order used it up while it was one-time."""

    coupon_code: str
    coupon_id: int
    state: CodeState
    coupon_uses: int
    used_by: str | Absent = None
    used_at: Instant | Absent = None


class CodesListed(BaseModel):
    """Some codes; `next_cursor` is null on the last page."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "codes": [
                    {
                        "coupon_code": "PROMO-001",
                        "coupon_id": 71,
                        "state": "used",
                        "coupon_uses": 1,
                        "used_by": "A-1001",
                        "used_at": "2026-11-27T12:53:02+03:00",
                    }
                ],
                "next_cursor": "1048576",
            }
        }
    )

    codes: list[CodeListed]
    next_cursor: str | None


class HistoryEntry(BaseModel):
    """A change. `username` is null for changes by the command line."""

    id: int
    date: Instant
    username: str | None
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class History(BaseModel):
    """Some changes, the latest first; `next_cursor` is null on the last page."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "history": [
                    {
                        "id": 812,
                        "date": "2026-11-27T12:53:02+03:00",
                        "username": "demo",
                        "action": "changed",
                        "before": {"status": True},
                        "after": {"status": False},
                    }
                ],
                "next_cursor": None,
            }
        }
    )

    history: list[HistoryEntry]
    next_cursor: str | None


class DailyUses(BaseModel):
    """Uses of a code on a day. `coupon_id` and `coupon_code` are null for all one-time codes."""

    date: datetime.date
    coupon_id: int | None
    coupon_code: str | None
    coupon_type: CodeType | None
    currency: str
    uses: Annotated[int, Field(description="As in the published statistics.")]
    applied_uses: Annotated[int, Field(description="Those in which no other promotion gave more.")]
    discount: Annotated[str, Field(description="What they took off.")]


class DailyStatistics(BaseModel):
    """Some uses by day, code and currency; `next_cursor` is null on the last page."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "days": [
                    {
                        "date": "2026-11-27",
                        "coupon_id": 71,
                        "coupon_code": "PROMO-001",
                        "coupon_type": "reusable",
                        "currency": "EUR",
                        "uses": 3,
                        "applied_uses": 2,
                        "discount": "8.00",
                    }
                ],
                "next_cursor": None,
            }
        }
    )

    days: list[DailyUses]
    next_cursor: str | None


class SignIn(BaseModel):
    """A user's credentials."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, Field(examples=["demo"])]
    password: Annotated[str, Field(examples=["demo-password"])]


class SignedIn(BaseModel):
    """`token` is for the other requests; `refresh_token` is not used."""

    token: str
    refresh_token: str
