"""Product promotions: what a merchant sets, and how a change works."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from sconto.domain.codes import CodeType
from sconto.domain.coverage import Coverage, named_products
from sconto.domain.schedule import Period

RESTORABLE_FOR: Final = timedelta(hours=1)
"""How long a deleted promotion can be restored."""

LONG_LIST: Final = 5_000
"""How many codes or products are written or compared in one step."""


class PromotionType(StrEnum):
    """`coupon` applies if one of its codes is activated, `discount` automatically."""

    COUPON = "coupon"
    DISCOUNT = "discount"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a promotion gives: its coverage and, for type coupon, its codes.

    `code_type` None means that it was never set; the codes are then reusable.
    """

    coverage: Coverage
    code_type: CodeType | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewPromotion:
    """A promotion to be created."""

    type: PromotionType
    name: str
    active: bool
    period: Period
    terms: Terms


@dataclass(frozen=True, slots=True)
class PromotionSummary:
    """A promotion without its lists, which may be long."""

    id: int
    type: PromotionType
    name: str
    active: bool
    period: Period
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion."""

    summary: PromotionSummary
    terms: Terms

    @property
    def is_long(self) -> bool:
        """Whether it has so many codes or products that writing them takes long."""
        return len(self.terms.codes) + len(named_products(self.terms.coverage)) > LONG_LIST


@dataclass(frozen=True, slots=True)
class PromotionChange:
    """What a merchant changes; None keeps the current value.

    `no_end` removes the end. `terms` replaces all of the old terms; with `keep_codes` the codes
    stay and those in `terms` are ignored.
    """

    type: PromotionType | None = None
    name: str | None = None
    active: bool | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    no_end: bool = False
    terms: Terms | None = None
    keep_codes: bool = False


@dataclass(frozen=True, slots=True)
class PromotionQuery:
    """Which promotions to list, and in which order; None means no limit, filter or sorting.

    `search` is part of the name, ignoring case. `sort` is by the time of the last change; without
    it the latest created come first.
    """

    limit: int | None = None
    offset: int = 0
    active: bool | None = None
    expired: bool | None = None
    search: str | None = None
    sort: Literal["asc", "desc"] | None = None


def changed_summary(
    before: PromotionSummary, change: PromotionChange, now: datetime
) -> PromotionSummary:
    """The promotion after the change."""
    return replace(
        before,
        type=change.type or before.type,
        name=before.name if change.name is None else change.name,
        active=before.active if change.active is None else change.active,
        period=changed_period(before.period, change),
        updated_at=changed_at(before.updated_at, now),
    )


def changed_at(before: datetime, now: datetime) -> datetime:
    """When a change is made: always later than the last change, so it also tells versions apart."""
    return max(now, before + timedelta(microseconds=1))


def changed_period(before: Period, change: PromotionChange) -> Period:
    """The period after the change."""
    ends_at = before.ends_at if change.ends_at is None else change.ends_at
    return Period(
        starts_at=before.starts_at if change.starts_at is None else change.starts_at,
        ends_at=None if change.no_end else ends_at,
    )
