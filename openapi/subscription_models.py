"""The bodies of the subscription promotions API, with an example of each."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from openapi.fields import Absent
from sconto.api.subscription.contracts import MAX_CODES_OF_CONTRACT, MAX_ORDERS
from sconto.domain.subscription import LAST_ORDER_NUMBER
from sconto.domain.subscription_promotion import (
    MAX_CONDITIONS,
    MAX_RULES,
    MAX_TYPES,
    ConditionType,
    EffectType,
)

_RULES: Final[list[Any]] = [
    {
        "effect": {"effectType": "PERCENTAGE_DISCOUNT", "amount": "30"},
        "conditions": [
            {"conditionType": "ORDER_NUMBER_AFTER_APPLIED", "value": "1"},
            {"conditionType": "ORDER_NUMBER_AFTER_APPLIED", "value": "2"},
            {"conditionType": "ORDER_NUMBER_AFTER_APPLIED", "value": "3"},
        ],
    },
    {
        "effect": {"effectType": "PERCENTAGE_DISCOUNT", "amount": "10"},
        "conditions": [
            {"conditionType": "ORDER_NUMBER_AFTER_APPLIED", "value": "6"},
            {"conditionType": "ORDER_NUMBER_AFTER_APPLIED", "value": "12"},
        ],
    },
]
_NEW: Final[JsonDict] = {
    "enabled": True,
    "name": "Three months at 30 % off",
    "description": "Then 10 % off the sixth and the twelfth order.",
    "code": "TRY3",
    "constraint": {
        "promoStartAt": "2026-01-01T00:00:00Z",
        "maxUsage": 1000,
        "subscription": {"newOnly": False, "typeIds": ["monthly"]},
    },
    "rules": _RULES,
    "meta": {"campaign": "spring"},
}
_CONTRACT: Final[JsonDict] = {
    "createdAt": "2026-01-01T00:00:00Z",
    "subscriptionTypeId": "monthly",
    "discounts": [
        {
            "code": "WELCOME",
            "terminationCriteria": {"orderOrdinal": 3},
            "addedAt": "2026-01-01T00:00:00Z",
        }
    ],
}


def _example(example: JsonDict) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example})


Text = Annotated[str, Field(min_length=1, max_length=255)]
OrderNumber = Annotated[int, Field(ge=1, le=LAST_ORDER_NUMBER)]


class SubscriptionConstraint(BaseModel):
    """Which subscriptions may have the code; no types means all."""

    model_config = ConfigDict(extra="forbid")

    newOnly: bool = False
    typeIds: Annotated[list[Text], Field(max_length=MAX_TYPES)] = []


class NewPromotionConstraint(BaseModel):
    """When and how often the code may be applied.

    Both times are included, an end without a fraction with its whole second.
    """

    model_config = ConfigDict(extra="forbid")

    promoStartAt: Annotated[str | None, Field(description="A date-time, or a date.")] = None
    promoEndAt: Annotated[str | None, Field(description="A date-time, or a date.")] = None
    maxUsage: Annotated[float | None, Field(ge=1, description="Whole. Absent: unlimited.")] = None
    subscription: SubscriptionConstraint = SubscriptionConstraint()


class PromotionConstraint(NewPromotionConstraint):
    """When and how often the code may be applied, and how often it was."""

    usageCount: Annotated[int, Field(ge=0)]


class PromotionEffect(BaseModel):
    """A percent above 0 and at most 100, or an amount of the order's currency in major units."""

    model_config = ConfigDict(extra="forbid")

    effectType: EffectType
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?$")]


class PromotionCondition(BaseModel):
    """The number of an order, counted from the application of the code or the contract's start."""

    model_config = ConfigDict(extra="forbid")

    conditionType: ConditionType
    value: Annotated[str, Field(pattern="^[1-9][0-9]{0,8}$")]


class PromotionRule(BaseModel):
    """Conditions of one type are alternatives; both types must hold. Without any: every order."""

    model_config = ConfigDict(extra="forbid")

    effect: PromotionEffect
    conditions: Annotated[list[PromotionCondition], Field(max_length=MAX_CONDITIONS)] = []


class NewSubscriptionPromotion(BaseModel):
    """A promotion to create."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _NEW})

    enabled: bool
    name: Text
    description: Annotated[str | None, Field(min_length=1, max_length=10_000)] = None
    code: Annotated[Text, Field(description="Unique among the promotions, whatever the case.")]
    constraint: NewPromotionConstraint | None = None
    rules: Annotated[list[PromotionRule], Field(min_length=1, max_length=MAX_RULES)]
    meta: dict[str, Any] | None = None


class SubscriptionPromotionPatch(BaseModel):
    """A merge patch (RFC 7396): absent fields stay, null removes, lists are replaced."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"enabled": False, "constraint": {"maxUsage": 500}}},
    )

    enabled: bool | Absent = None
    name: Text | Absent = None
    description: Annotated[str | None, Field(min_length=1, max_length=10_000)] = None
    code: Text | Absent = None
    constraint: Annotated[
        dict[str, Any] | None, Field(description="A merge patch of the constraint.")
    ] = None
    rules: Annotated[list[PromotionRule] | Absent, Field(description="They replace all rules.")] = (
        None
    )
    meta: Annotated[dict[str, Any] | None, Field(description="A merge patch.")] = None


class SubscriptionPromotionResource(BaseModel):
    """A promotion."""

    id: Annotated[str, Field(min_length=1)]
    type: Annotated[str, Field(pattern="^PROMOTION$")]
    createdAt: str
    updatedAt: str
    enabled: bool
    name: Annotated[str, Field(min_length=1)]
    description: Annotated[str | None, Field(min_length=1)] = None
    code: str
    constraint: PromotionConstraint
    rules: list[PromotionRule]
    meta: dict[str, Any]


class SubscriptionPromotionAnswer(BaseModel):
    """A promotion."""

    data: SubscriptionPromotionResource
    meta: dict[str, Any]


class ListPagination(BaseModel):
    """Where the list continues; `items` counts this page."""

    moreResults: bool
    items: int
    cursor: str | None
    nextCursor: str | None


class ListMeta(BaseModel):
    """Facts about the list."""

    pagination: ListPagination


class SubscriptionPromotionList(BaseModel):
    """A page of promotions, the oldest first."""

    data: list[SubscriptionPromotionResource]
    meta: ListMeta


class TerminationCriteria(BaseModel):
    """When a discount ends."""

    orderOrdinal: Annotated[int, Field(ge=0)]


class ContractDiscount(BaseModel):
    """A code on the contract."""

    code: Text
    terminationCriteria: TerminationCriteria | None = None
    addedAt: str | None = None


class SubscriptionContract(BaseModel):
    """A subscription; `createdAt` is null for a new one."""

    model_config = _example(_CONTRACT)

    createdAt: str | None
    subscriptionTypeId: Text
    discounts: Annotated[list[ContractDiscount], Field(max_length=MAX_CODES_OF_CONTRACT)] = []


class ContractToValidate(BaseModel):
    """The contract to validate."""

    model_config = _example({"subscriptionContract": _CONTRACT})

    subscriptionContract: SubscriptionContract


class CodeToApply(BaseModel):
    """A code to apply to a contract."""

    model_config = _example({"promotionCode": "TRY3", "subscriptionContract": _CONTRACT})

    promotionCode: Text
    subscriptionContract: SubscriptionContract


class Eligibility(BaseModel):
    """Whether a contract may have the code, and if not, why."""

    valid: bool
    message: str


class ValidationAnswer(BaseModel):
    """The answer to a validation."""

    model_config = _example(
        {"data": {"valid": True, "message": "The promotion can be applied."}, "meta": {}}
    )

    data: Eligibility
    meta: dict[str, Any]


class ApplicationMeta(BaseModel):
    """The id of the version that the subscription got."""

    applicationId: str


class ApplicationAnswer(BaseModel):
    """The promotion that was applied."""

    data: SubscriptionPromotionResource
    meta: ApplicationMeta


class OrderToSchedule(BaseModel):
    """The expected amount of each order after product discounts."""

    model_config = ConfigDict(extra="forbid")

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    total: Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?$")]


class PlanToSchedule(BaseModel):
    """The orders to schedule; for a subscription that has the code, since when."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "subscriptionContract": _CONTRACT,
                "numberOfOrders": 12,
                "order": {"currency": "EUR", "total": "49.90"},
            }
        },
    )

    subscriptionContract: SubscriptionContract
    numberOfOrders: Annotated[int, Field(ge=1, le=MAX_ORDERS)]
    nextOrderNumber: Annotated[OrderNumber, Field(description="Of the contract's next order.")] = 1
    firstOrderNumber: Annotated[
        OrderNumber | None,
        Field(description="Of the first order after the code was applied. Absent: the next one."),
    ] = None
    applicationId: Annotated[
        Text | None, Field(description="The version that was applied then counts.")
    ] = None
    order: OrderToSchedule | None = None


class ScheduledRuleModel(BaseModel):
    """A rule that holds for the order; rules are counted from 0."""

    rule: int
    effect: PromotionEffect
    applied: Annotated[bool, Field(description="False for all rules if it depends on the amount.")]
    discount: Annotated[str | None, Field(description="Only if an amount was given.")] = None


class ScheduledOrderModel(BaseModel):
    """An order, and the rules that hold for it."""

    orderNumber: int
    orderNumberAfterApplied: int
    rules: list[ScheduledRuleModel]


class PromotionSchedule(Eligibility):
    """The next orders; `lastOrderNumber` is null if the effect never ends, 0 if no order has it."""

    type: Annotated[str, Field(pattern="^SCHEDULE$")]
    lastOrderNumber: int | None
    orders: list[ScheduledOrderModel]


class ScheduleAnswer(BaseModel):
    """The answer to a plan."""

    data: PromotionSchedule
    meta: dict[str, Any]


class SubscriptionError(BaseModel):
    """One error."""

    status: Annotated[str, Field(pattern="^[1-5][0-9]{2}$")]
    title: str
    detail: str


class SubscriptionErrors(BaseModel):
    """All errors."""

    model_config = _example(
        {"errors": [{"status": "404", "title": "Not Found", "detail": "There is no promotion 81."}]}
    )

    errors: Annotated[list[SubscriptionError], Field(min_length=1)]
