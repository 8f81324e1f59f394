"""Stored outcomes: an order's priced cart as its row keeps it, with a version.

An outcome is JSON and must be readable for as long as the order exists. Its field names are
independent of the values that pricing works with: those may change, these may not. A new field
needs a default. Any other change needs a new version, and a decoder for the previous version.

Version 1 has no `version` field. Version 2 is the same with `version`, so that programs that only
know version 1 read it too.
"""

from datetime import datetime
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from sconto.domain.bill import PricedCart, PricedLine
from sconto.domain.choice import Group, Pick, Reason
from sconto.domain.code_outcomes import CodeOutcome, CodeStatus
from sconto.domain.codes import CodeType
from sconto.domain.stored_cart_promotions import (
    StoredAdjustment,
    StoredCartPromotion,
    StoredShipping,
    read_adjustment,
    read_cart_promotion,
    read_shipping,
    store_adjustment,
    store_cart_promotion,
    store_shipping,
)
from sconto.domain.subscription import (
    CodeReason,
    ConsideredCode,
    Subscription,
    SubscriptionCode,
    SubscriptionOutcome,
)

NEWEST_VERSION: Final = 2


class StoredPick(msgspec.Struct, frozen=True, gc=False):
    """A pick, with the reason why it lost."""

    promotion_id: int
    group: Group
    percent: int
    code: str | None
    code_id: int | None
    code_type: CodeType | None
    reason: Reason | None


class StoredLine(msgspec.Struct, frozen=True, gc=False):
    """A line with what it cost."""

    line_id: str
    product_id: int
    quantity: int
    unit_price: int
    known: bool
    subtotal: int
    discount: int
    total: int
    picks: tuple[StoredPick, ...]
    subscription_discount: int = 0
    adjustments: tuple[StoredAdjustment, ...] | UnsetType = UNSET


class StoredCode(msgspec.Struct, frozen=True, gc=False):
    """The result of an activated code."""

    code: str
    status: CodeStatus
    promotion_id: int | None
    starts_at: datetime | None
    ended_at: datetime | None
    used_at: datetime | None
    held_until: datetime | UnsetType = UNSET


class StoredSubscriptionCode(msgspec.Struct, frozen=True, gc=False):
    """A code on the order's subscription."""

    code: str
    first_order_number: int
    application_id: str | None


class StoredSubscription(msgspec.Struct, frozen=True, gc=False):
    """The subscription that the order belongs to."""

    created_at: datetime | None
    type_id: str
    order_number: int
    codes: tuple[StoredSubscriptionCode, ...]


class StoredConsideredCode(msgspec.Struct, frozen=True, gc=False):
    """What a code on the subscription gave, or why it gave nothing."""

    code: str
    promotion_id: int | None
    discount: int
    rule: int | None
    reason: CodeReason | None


class StoredEffect(msgspec.Struct, frozen=True, gc=False):
    """The subscription, and what its codes did to the order."""

    subscription: StoredSubscription
    considered: tuple[StoredConsideredCode, ...]


class StoredOutcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A priced cart as it is stored.

    Amounts are integers with `decimals` decimals. Unset means the currency's decimals, except for
    some currencies in version 1: see `store.stored_amounts`.
    """

    version: int = 1
    decimals: int | UnsetType = UNSET
    currency: str
    subtotal: int
    discount: int
    total: int
    lines: tuple[StoredLine, ...]
    codes: tuple[StoredCode, ...]
    subscription: StoredEffect | None = None
    shipping: StoredShipping | UnsetType = UNSET
    cart_promotions: tuple[StoredCartPromotion, ...] | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Raise ValueError for a version that this program does not know."""
        if self.version > NEWEST_VERSION:
            raise ValueError(f"an outcome of version {self.version}, later than {NEWEST_VERSION}")


def outcome_of(priced: PricedCart, decimals: int | UnsetType = UNSET) -> StoredOutcome:
    """The outcome of an order of the priced cart, to be stored."""
    effect = priced.subscription
    return StoredOutcome(
        version=NEWEST_VERSION,
        decimals=decimals,
        currency=priced.currency,
        subtotal=priced.subtotal,
        discount=priced.discount,
        total=priced.total,
        lines=tuple([_store_line(line) for line in priced.lines]),
        codes=tuple(
            StoredCode(
                code.code,
                code.status,
                code.promotion_id,
                code.starts_at,
                code.ended_at,
                code.used_at,
                UNSET if code.held_until is None else code.held_until,
            )
            for code in priced.codes
        ),
        subscription=None if effect is None else _store_effect(effect),
        shipping=UNSET if priced.shipping is None else store_shipping(priced.shipping),
        cart_promotions=tuple(map(store_cart_promotion, priced.cart_promotions)) or UNSET,
    )


def _store_line(line: PricedLine) -> StoredLine:
    return StoredLine(
        line.line_id,
        line.product_id,
        line.quantity,
        line.unit_price,
        line.known,
        line.subtotal,
        line.discount,
        line.total,
        tuple([_store_pick(pick) for pick in line.picks]),
        line.subscription_discount,
        tuple([store_adjustment(one) for one in line.adjustments]) or UNSET,
    )


def _store_pick(pick: Pick) -> StoredPick:
    return StoredPick(
        pick.promotion_id,
        pick.group,
        pick.percent,
        pick.code,
        pick.code_id,
        pick.code_type,
        pick.reason,
    )


def store_subscription(subscription: Subscription) -> StoredSubscription:
    """The subscription of an order, to be stored."""
    return StoredSubscription(
        subscription.created_at,
        subscription.type_id,
        subscription.order_number,
        tuple(
            StoredSubscriptionCode(code.code, code.first_order_number, code.application_id)
            for code in subscription.codes
        ),
    )


def _store_effect(effect: SubscriptionOutcome) -> StoredEffect:
    return StoredEffect(
        store_subscription(effect.subscription),
        tuple(
            StoredConsideredCode(
                code.code, code.promotion_id, code.discount, code.rule, code.reason
            )
            for code in effect.considered
        ),
    )


def priced_cart_of(outcome: StoredOutcome, units: int = 1) -> PricedCart:
    """The stored priced cart; `units` is how many minor units one stored unit has."""
    effect = outcome.subscription
    return PricedCart(
        outcome.currency,
        outcome.subtotal * units,
        outcome.discount * units,
        outcome.total * units,
        tuple([_read_line(line, units) for line in outcome.lines]),
        tuple(
            CodeOutcome(
                code.code,
                code.status,
                code.promotion_id,
                code.starts_at,
                code.ended_at,
                code.used_at,
                code.held_until or None,
            )
            for code in outcome.codes
        ),
        None if effect is None else _read_effect(effect, units),
        None if outcome.shipping is UNSET else read_shipping(outcome.shipping),
        tuple(map(read_cart_promotion, outcome.cart_promotions or ())),
    )


def _read_line(line: StoredLine, units: int) -> PricedLine:
    return PricedLine(
        line.line_id,
        line.product_id,
        line.quantity,
        line.unit_price * units,
        line.known,
        line.subtotal * units,
        line.discount * units,
        line.total * units,
        tuple([_read_pick(pick) for pick in line.picks]),
        line.subscription_discount * units,
        tuple([read_adjustment(one) for one in line.adjustments or ()]),
    )


def _read_pick(pick: StoredPick) -> Pick:
    return Pick(
        pick.promotion_id,
        pick.group,
        pick.percent,
        pick.code,
        pick.code_id,
        pick.code_type,
        pick.reason,
    )


def read_subscription(subscription: StoredSubscription) -> Subscription:
    """The subscription that was stored."""
    return Subscription(
        subscription.created_at,
        subscription.type_id,
        subscription.order_number,
        tuple(
            SubscriptionCode(code.code, code.first_order_number, code.application_id)
            for code in subscription.codes
        ),
    )


def _read_effect(effect: StoredEffect, units: int) -> SubscriptionOutcome:
    return SubscriptionOutcome(
        read_subscription(effect.subscription),
        tuple(
            ConsideredCode(
                code.code, code.promotion_id, code.discount * units, code.rule, code.reason
            )
            for code in effect.considered
        ),
    )
