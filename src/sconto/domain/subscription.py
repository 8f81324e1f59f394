"""Subscriptions: contracts that orders belong to, and the codes on them."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from unicodedata import normalize

from sconto.domain.blanks import trim

LAST_ORDER_NUMBER: Final = 999_999_999
"""The highest number of a subscription's order; the first is 1."""


@dataclass(frozen=True, slots=True)
class ContractCode:
    """A code that is on a contract; `order_ordinal` is the order that ends it."""

    code: str
    order_ordinal: int | None = None
    added_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """A subscription that may get a promotion; a new one has no `created_at`."""

    created_at: datetime | None
    type_id: str
    codes: tuple[ContractCode, ...] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionCode:
    """A code on the subscription of an order.

    `first_order_number` is the number of the first order after the code was applied. With an
    `application_id` the promotion counts in the version that was applied.
    """

    code: str
    first_order_number: int
    application_id: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """The subscription that a cart is an order of; the first order has the number 1."""

    created_at: datetime | None
    type_id: str
    order_number: int
    codes: tuple[SubscriptionCode, ...] = ()


def subscription_code_key(text: str) -> str:
    """The key that all spellings of a code share, ignoring case.

    Blanks and invisible characters at the ends are ignored. A letter with a mark, such as й, may be
    one character or two (NFC). The text is put into NFC again at the end, because folding the case
    may split a letter.
    """
    if text.isascii():
        return trim(text).lower()
    return normalize("NFC", normalize("NFC", trim(text)).casefold())


def with_code_keys(subscription: Subscription) -> Subscription:
    """The subscription with keys in place of codes, for comparison."""
    codes = tuple(
        replace(code, code=subscription_code_key(code.code)) for code in subscription.codes
    )
    return replace(subscription, codes=codes)


class CodeReason(StrEnum):
    """Why a code on the subscription has no effect on the order."""

    LOWER_DISCOUNT = "lower_discount"
    TIE = "tie"
    NO_RULE = "no_rule"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ConsideredCode:
    """What a code on the subscription gives on the order, in minor units.

    `rule` is the index of the promotion's rule. `reason` is None for the code that applied.
    """

    code: str
    promotion_id: int | None
    discount: int
    rule: int | None
    reason: CodeReason | None

    @property
    def applied(self) -> bool:
        """Whether the customer gets this code's discount."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class SubscriptionOutcome:
    """What a subscription's codes do to one of its orders, in the order of the codes."""

    subscription: Subscription
    considered: tuple[ConsideredCode, ...]

    @property
    def winner(self) -> ConsideredCode | None:
        """The code whose discount the customer gets."""
        return next((code for code in self.considered if code.applied), None)

    @property
    def discount(self) -> int:
        """The discount on the whole order, in minor units."""
        return 0 if self.winner is None else self.winner.discount
