"""Subscription promotions: what a merchant sets, and which subscriptions are eligible.

A subscription promotion has one code. The code is applied to a subscription once, and counted. From
then on the promotion's rules say what each of the subscription's orders gets.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sconto.domain.money import parse_percent
from sconto.domain.schedule import first_after
from sconto.domain.subscription import LAST_ORDER_NUMBER, Contract, subscription_code_key

MAX_RULES: Final = 100
MAX_CONDITIONS: Final = 1_000
"""Of all rules together, because every read of a promotion reads them all."""

MAX_TYPES: Final = 1_000
HIGHEST_MAX_USAGE: Final = 2**53 - 1
LONGEST_DESCRIPTION: Final = 10_000

TEN_THOUSANDTHS: Final = 10_000
"""Ten-thousandths in one major unit; no currency has more than four decimals."""

_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,4}))?", re.ASCII)
_ORDER_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


class EffectType(StrEnum):
    """Whether an order gets a percent off or an amount."""

    PERCENTAGE_DISCOUNT = "PERCENTAGE_DISCOUNT"
    AMOUNT_DISCOUNT = "AMOUNT_DISCOUNT"


@dataclass(frozen=True, slots=True)
class Effect:
    """What an order gets.

    `amount` is in millionths of a percent, or in ten-thousandths of a major unit of the order's
    currency. `text` is how it was written.
    """

    type: EffectType
    amount: int
    text: str


class ConditionType(StrEnum):
    """Whether orders count from when the code was applied, or from the contract's start."""

    ORDER_NUMBER_AFTER_APPLIED = "ORDER_NUMBER_AFTER_APPLIED"
    SUBSCRIPTION_CONTRACT_ORDER_NUMBER = "SUBSCRIPTION_CONTRACT_ORDER_NUMBER"


@dataclass(frozen=True, slots=True)
class Condition:
    """The number of an order that a rule is for; the first order is 1."""

    type: ConditionType
    order_number: int


@dataclass(frozen=True, slots=True)
class Rule:
    """An effect, and which orders get it: all of them if there are no conditions."""

    effect: Effect
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Constraint:
    """When, how often and to which subscriptions the code may be applied; both times included.

    `max_usage` None means any number of times. No `type_ids` means subscriptions of every type.
    """

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_usage: int | None = None
    new_only: bool = False
    type_ids: tuple[str, ...] = ()

    def is_over(self, at: datetime) -> bool:
        """Whether the time for applying the code is over."""
        over_from = first_after(self.ends_at)
        return over_from is not None and at >= over_from


@dataclass(frozen=True, slots=True)
class SubscriptionTerms:
    """All that a merchant sets; `meta` is the merchant's own JSON object, as text."""

    code: str
    name: str
    enabled: bool
    rules: tuple[Rule, ...]
    constraint: Constraint = Constraint()
    description: str | None = None
    meta: str = "{}"


@dataclass(frozen=True, slots=True)
class SubscriptionPromotion:
    """A subscription promotion; `usage` is how often its code was applied.

    `version` counts the changes of its code and rules, from 1.
    """

    id: int
    version: int
    terms: SubscriptionTerms
    usage: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SubscriptionQuery:
    """Which promotions to list: at most `limit` with ids above `after`, by ascending id.

    `code` is a whole code and `name` part of the name, both ignoring case. With `before` they are
    the last ones with ids below it.
    """

    limit: int
    after: int = 0
    code: str | None = None
    enabled: bool | None = None
    name: str | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """Some of the promotions, and whether there are more."""

    promotions: tuple[SubscriptionPromotion, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Application:
    """A code that was applied to a subscription, and the promotion at that time.

    Its id stands for the version that the subscription got.
    """

    id: str
    promotion: SubscriptionPromotion


class IneligibleReason(StrEnum):
    """Why a subscription is not eligible, in the order in which the reasons are checked."""

    DISABLED = "disabled"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    NEW_ONLY = "new_only"
    TYPE = "type"
    ALREADY_APPLIED = "already_applied"
    USED_UP = "used_up"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether a contract is eligible for the promotion; `reason` is the first reason why not."""

    promotion: SubscriptionPromotion
    reason: IneligibleReason | None


def find_ineligible_reason(
    promotion: SubscriptionPromotion, contract: Contract, at: datetime
) -> IneligibleReason | None:
    """The first reason why the contract is not eligible; None if it is."""
    terms = promotion.terms
    constraint = terms.constraint
    reasons = {
        IneligibleReason.DISABLED: not terms.enabled,
        IneligibleReason.NOT_STARTED: constraint.starts_at is not None
        and at < constraint.starts_at,
        IneligibleReason.ENDED: constraint.is_over(at),
        IneligibleReason.NEW_ONLY: constraint.new_only and contract.created_at is not None,
        IneligibleReason.TYPE: bool(constraint.type_ids)
        and contract.type_id not in constraint.type_ids,
        IneligibleReason.ALREADY_APPLIED: has_code(contract, terms.code),
        IneligibleReason.USED_UP: constraint.max_usage is not None
        and promotion.usage >= constraint.max_usage,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def has_code(contract: Contract, code: str) -> bool:
    """Whether the code is on the contract, in any spelling."""
    return subscription_code_key(code) in {
        subscription_code_key(on_contract.code) for on_contract in contract.codes
    }


def numbers_of(rule: Rule, condition_type: ConditionType) -> list[int]:
    """The distinct numbers of the conditions of that type, ascending."""
    return sorted({each.order_number for each in rule.conditions if each.type is condition_type})


def parse_effect(effect_type: EffectType, text: str) -> Effect:
    """Read "12.5" as an effect of that type.

    Raises ValueError unless a percent is above 0 and at most 100 with up to six decimals, or an
    amount is above 0 and below 10**12 with up to four.
    """
    if effect_type is EffectType.PERCENTAGE_DISCOUNT:
        return Effect(effect_type, parse_percent(text), text)
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"not an amount: {text!r}")
    amount = int(match[1]) * TEN_THOUSANDTHS + int((match[2] or "").ljust(4, "0"))
    if amount == 0:
        raise ValueError(f"not above 0: {text!r}")
    return Effect(effect_type, amount, text)


def parse_order_number(text: str) -> int:
    """Read "6" as the number of an order. Raises ValueError unless it is 1 to 999999999."""
    if _ORDER_NUMBER.fullmatch(text) is None:
        raise ValueError(f"not a number from 1 to {LAST_ORDER_NUMBER}: {text!r}")
    return int(text)
