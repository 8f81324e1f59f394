"""Texts that a field may have."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import Literal

BacktestState = Literal["waiting", "running", "finished", "failed", "cancelled"]

CartReason = Literal[
    "minimum_subtotal",
    "minimum_quantity",
    "tier",
    "units",
    "segment",
    "first_order",
    "customer_required",
    "not_covered",
    "currency",
    "no_shipping",
    "total_limit",
    "customer_limit",
    "budget",
    "lower_discount",
    "tie",
    "nothing_left",
    "used",
    "expired",
    "not_started",
    "inactive",
]

ChangeKind = Literal[
    "added", "gone", "changed", "limit", "customer", "catalogue", "follows", "unknown"
]

ChangeReason = Literal[
    "created",
    "started",
    "switched_on",
    "code_added",
    "deleted",
    "ended",
    "switched_off",
    "code_removed",
    "hours",
    "edited",
    "used",
    "total_limit",
    "customer_limit",
    "budget",
    "first_order",
    "tags",
]

CodeReason = Literal["lower_discount", "tie", "no_rule", "unknown"]

CodeState = Literal["free", "used"]

CodeStatus = Literal[
    "applied",
    "outdone",
    "not_picked",
    "conditions_not_met",
    "not_applicable",
    "used",
    "limit_reached",
    "expired",
    "not_started",
    "inactive",
    "unknown",
]

CodeType = Literal["one-time", "reusable"]

ConditionType = Literal["ORDER_NUMBER_AFTER_APPLIED", "SUBSCRIPTION_CONTRACT_ORDER_NUMBER"]

DeliveryState = Literal["waiting", "delivered", "dead"]

DisabledBecause = Literal["failing", "gone"]

EffectType = Literal["PERCENTAGE_DISCOUNT", "AMOUNT_DISCOUNT"]

EventType = Literal[
    "order.placed",
    "order.replaced",
    "order.paid",
    "order.not_paid",
    "order.deleted",
    "hold.created",
    "hold.released",
    "hold.expired",
    "return.created",
    "promotion.created",
    "promotion.changed",
    "promotion.switched_on",
    "promotion.switched_off",
    "promotion.deleted",
    "promotion.restored",
    "promotion.started",
    "promotion.ended",
    "promotion.codes_added",
    "promotion.codes_removed",
    "promotion.codes_used_up",
    "promotion.limit_reached",
    "promotion.budget_reached",
]

Group = Literal["code", "automatic_specific", "automatic_all"]

LinkPurpose = Literal["invitation", "reset"]

Measure = Literal["subtotal", "quantity"]

OrderStatus = Literal["not paid", "paid", "deleted"]

PromotionKind = Literal["product", "cart", "subscription"]

PromotionStatus = Literal[
    "applied",
    "lower_discount",
    "tie",
    "later_code",
    "same_code",
    "later_created",
    "not_covered",
    "used",
    "expired",
    "not_started",
    "inactive",
]

PromotionType = Literal["coupon", "discount"]

Reason = Literal["lower_discount", "tie"]

Role = Literal["admin", "manager", "viewer", "checkout"]

StepName = Literal["product_promotions", "lines", "order", "shipping", "subscription"]

Subject = Literal[
    "promotion",
    "subscription promotion",
    "user",
    "API key",
    "webhook",
    "settings",
    "sign-in",
    "export",
    "retention",
]

Target = Literal["lines", "order", "shipping"]

Verb = Literal[
    "created",
    "changed",
    "deleted",
    "restored",
    "codes added",
    "codes removed",
    "code generation started",
    "codes generated",
    "password set",
    "signed out everywhere",
    "revoked",
    "password link made",
    "e-mail set",
    "signed in",
    "sign-in failed",
    "session ended",
    "two-factor switched on",
    "two-factor switched off",
    "two-factor reset",
    "two-factor code refused",
    "recovery codes renewed",
    "secret renewed",
    "events sent again",
    "recording of events set",
    "exported",
    "purged",
    "customer erased",
    "customer exported",
]
