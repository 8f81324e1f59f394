"""Offers: the promotions that a cart may get."""

from collections.abc import KeysView, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from sconto.domain.codes import CodeType
from sconto.domain.schedule import Period, PeriodState


class Obstacle(StrEnum):
    """Why a promotion cannot apply at a time, whatever the cart."""

    INACTIVE = "inactive"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    USED = "used"


_RUNNING: Final = PeriodState.RUNNING  # Enum lookups are slow in Python 3.11.

_OUT_OF_TIME = {
    PeriodState.NOT_STARTED: Obstacle.NOT_STARTED,
    PeriodState.OVER: Obstacle.EXPIRED,
}


class Offer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A promotion that a cart may get: by a code, automatically, or as a draft.

    `percent` is what it gives on every product. It is None for a promotion that names products;
    then `percents` has the percents of the named products that are in the cart. `covers` says that
    it covers a product of the cart. It is needed because percents that cannot be picked may be left
    out.

    An automatic promotion has no `key`, `code_id` and `code_type`. `used_at` is set once the code
    served an order while it was one-time, and `held_until` while it is held for another order.
    """

    key: str | None = None
    code_id: int | None = None
    promotion_id: int
    code_type: CodeType | None = None
    active: bool
    period: Period
    used_at: datetime | None = None
    percent: int | None = None
    percents: Mapping[int, int] = {}
    covers: bool = False
    held_until: datetime | None = None

    def percent_on(self, product_id: int) -> int | None:
        """The percent on a product of the cart; None if the promotion does not cover it."""
        return self.percents.get(product_id) if self.percent is None else self.percent

    def obstacle(self, at: datetime) -> Obstacle | None:
        """Why the promotion cannot apply at that time; None if it can."""
        if not self.active:
            return Obstacle.INACTIVE
        state = self.period.state(at)
        if state is not _RUNNING:
            return _OUT_OF_TIME[state]
        if self.used_at is None and self.held_until is None:
            return None
        return Obstacle.USED if self.code_type is CodeType.ONE_TIME else None

    def covers_any(self, product_ids: KeysView[int]) -> bool:
        """Whether the promotion covers one of the cart's products."""
        return self.covers or self.percent is not None or not product_ids.isdisjoint(self.percents)
