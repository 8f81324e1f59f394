"""The bodies of `subscription` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import Any, NotRequired, TypedDict

from sconto.client.bodies.words import ConditionType, EffectType


class SubscriptionConstraint(TypedDict):
    """Which subscriptions may have the code; no types means all."""

    newOnly: NotRequired[bool]
    typeIds: NotRequired[list[str]]


class NewPromotionConstraint(TypedDict):
    """When and how often the code may be applied.

    Both times are included, an end without a fraction with its whole second.
    """

    promoStartAt: NotRequired[str | None]
    """A date-time, or a date."""
    promoEndAt: NotRequired[str | None]
    """A date-time, or a date."""
    maxUsage: NotRequired[float | None]
    """Whole. Absent: unlimited."""
    subscription: NotRequired[SubscriptionConstraint]


class PromotionConstraint(NewPromotionConstraint):
    """When and how often the code may be applied, and how often it was."""

    usageCount: int


class PromotionEffect(TypedDict):
    """A percent above 0 and at most 100, or an amount of the order's currency in major units."""

    effectType: EffectType
    amount: str


class PromotionCondition(TypedDict):
    """The number of an order, counted from the application of the code or the contract's
    start.
    """

    conditionType: ConditionType
    value: str


class PromotionRule(TypedDict):
    """Conditions of one type are alternatives; both types must hold. Without any: every order."""

    effect: PromotionEffect
    conditions: NotRequired[list[PromotionCondition]]


class SubscriptionPromotionResource(TypedDict):
    """A promotion."""

    id: str
    type: str
    createdAt: str
    updatedAt: str
    enabled: bool
    name: str
    description: NotRequired[str | None]
    code: str
    constraint: PromotionConstraint
    rules: list[PromotionRule]
    meta: dict[str, Any]


class ListPagination(TypedDict):
    """Where the list continues; `items` counts this page."""

    moreResults: bool
    items: int
    cursor: str | None
    nextCursor: str | None


class ListMeta(TypedDict):
    """Facts about the list."""

    pagination: ListPagination


class SubscriptionPromotionList(TypedDict):
    """A page of promotions, the oldest first."""

    data: list[SubscriptionPromotionResource]
    meta: ListMeta


class SubscriptionError(TypedDict):
    """One error."""

    status: str
    title: str
    detail: str


class SubscriptionErrors(TypedDict):
    """All errors."""

    errors: list[SubscriptionError]


class NewSubscriptionPromotion(TypedDict):
    """A promotion to create."""

    enabled: bool
    name: str
    description: NotRequired[str | None]
    code: str
    """Unique among the promotions, whatever the case."""
    constraint: NotRequired[NewPromotionConstraint | None]
    rules: list[PromotionRule]
    meta: NotRequired[dict[str, Any] | None]


class SubscriptionPromotionAnswer(TypedDict):
    """A promotion."""

    data: SubscriptionPromotionResource
    meta: dict[str, Any]


class SubscriptionPromotionPatch(TypedDict):
    """A merge patch (RFC 7396): absent fields stay, null removes, lists are replaced."""

    enabled: NotRequired[bool]
    name: NotRequired[str]
    description: NotRequired[str | None]
    code: NotRequired[str]
    constraint: NotRequired[dict[str, Any] | None]
    """A merge patch of the constraint."""
    rules: NotRequired[list[PromotionRule]]
    """They replace all rules."""
    meta: NotRequired[dict[str, Any] | None]
    """A merge patch."""


class TerminationCriteria(TypedDict):
    """When a discount ends."""

    orderOrdinal: int


class ContractDiscount(TypedDict):
    """A code on the contract."""

    code: str
    terminationCriteria: NotRequired[TerminationCriteria | None]
    addedAt: NotRequired[str | None]


class SubscriptionContract(TypedDict):
    """A subscription; `createdAt` is null for a new one."""

    createdAt: str | None
    subscriptionTypeId: str
    discounts: NotRequired[list[ContractDiscount]]


class ContractToValidate(TypedDict):
    """The contract to validate."""

    subscriptionContract: SubscriptionContract


class Eligibility(TypedDict):
    """Whether a contract may have the code, and if not, why."""

    valid: bool
    message: str


class ValidationAnswer(TypedDict):
    """The answer to a validation."""

    data: Eligibility
    meta: dict[str, Any]


class OrderToSchedule(TypedDict):
    """The expected amount of each order after product discounts."""

    currency: str
    total: str


class PlanToSchedule(TypedDict):
    """The orders to schedule; for a subscription that has the code, since when."""

    subscriptionContract: SubscriptionContract
    numberOfOrders: int
    nextOrderNumber: NotRequired[int]
    """Of the contract's next order."""
    firstOrderNumber: NotRequired[int | None]
    """Of the first order after the code was applied. Absent: the next one."""
    applicationId: NotRequired[str | None]
    """The version that was applied then counts."""
    order: NotRequired[OrderToSchedule | None]


class ScheduledRuleModel(TypedDict):
    """A rule that holds for the order; rules are counted from 0."""

    rule: int
    effect: PromotionEffect
    applied: bool
    """False for all rules if it depends on the amount."""
    discount: NotRequired[str | None]
    """Only if an amount was given."""


class ScheduledOrderModel(TypedDict):
    """An order, and the rules that hold for it."""

    orderNumber: int
    orderNumberAfterApplied: int
    rules: list[ScheduledRuleModel]


class PromotionSchedule(Eligibility):
    """The next orders; `lastOrderNumber` is null if the effect never ends, 0 if no order has
    it.
    """

    type: str
    lastOrderNumber: int | None
    orders: list[ScheduledOrderModel]


class ScheduleAnswer(TypedDict):
    """The answer to a plan."""

    data: PromotionSchedule
    meta: dict[str, Any]


class CodeToApply(TypedDict):
    """A code to apply to a contract."""

    promotionCode: str
    subscriptionContract: SubscriptionContract


class ApplicationMeta(TypedDict):
    """The id of the version that the subscription got."""

    applicationId: str


class ApplicationAnswer(TypedDict):
    """The promotion that was applied."""

    data: SubscriptionPromotionResource
    meta: ApplicationMeta
