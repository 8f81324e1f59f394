"""What edits of promotions do to prices: the catalogue is priced before and after them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sconto.domain.people import Caller
from sconto.domain.preview import Preview, PromotionWarning, preview_time
from sconto.domain.price_changes import PriceChange, UnitPrice, find_price_changes
from sconto.domain.product import Product
from sconto.domain.promotion import NewPromotion, PromotionType
from sconto.domain.schedule import Period
from sconto.operations.catalog_prices import first_products, price_products
from sconto.operations.previews import preview_promotion
from sconto.store.database import Database

Prices: TypeAlias = Mapping[int, UnitPrice]
"""What products cost, by product id."""

_MAX_TIMES: Final = 10
"""Moments at which the catalogue is priced: now, and the first starts of edited promotions."""

_MAX_PREVIEWED: Final = 100


@dataclass(frozen=True, slots=True)
class Drafted:
    """A product promotion that an edit creates or changes; `before` is None for a new one."""

    edit: int
    promotion_id: int | None
    before: NewPromotion | None
    wanted: NewPromotion


class PriceImpact:
    """Compares prices before and after edits, within the transaction of the edits."""

    def __init__(
        self,
        joined: Database,
        caller: Caller,
        drafted: Sequence[Drafted],
        periods: Iterable[Period],
        now: datetime,
    ) -> None:
        """`periods` are those of automatic promotions that are edited, before and after."""
        self.changes: list[PriceChange] = []
        self.warnings: list[tuple[int, PromotionWarning]] = []
        self.is_partial = False
        self._database = joined
        self._caller = caller
        self._drafted = drafted[:_MAX_PREVIEWED]
        self._now = now
        starts = {preview_time(period, now) for period in periods}
        self._times = sorted({now, *(start for start in starts if start > now)})[:_MAX_TIMES]
        self._products: list[Product] = []
        self._listed: dict[datetime, Prices] = {}
        self._with_code: dict[int, Prices] = {}

    async def look_before(self) -> None:
        """Price before the edits."""
        self._products, self.is_partial = await first_products(self._database, self._caller)
        for at in self._times:
            self._listed[at] = await price_products(
                self._database, self._caller, self._products, at
            )
        for draft in self._drafted:
            if draft.before is not None and _needs_code(draft):
                at = preview_time(draft.wanted.period, self._now)
                preview = await preview_promotion(
                    self._database, self._caller, draft.before, at, draft.promotion_id
                )
                self._with_code[draft.edit] = _sampled(preview)

    async def look_after(self, ids: Sequence[int]) -> None:
        """Price after the edits, which made or changed these promotions."""
        for at in self._times:
            after = await price_products(self._database, self._caller, self._products, at)
            self.changes += find_price_changes(self._listed[at], after, at)
        for draft in self._drafted:
            preview = await preview_promotion(
                self._database, self._caller, draft.wanted, self._now, ids[draft.edit]
            )
            self.warnings += [(draft.edit, warning) for warning in preview.warnings]
            if _needs_code(draft) and draft.wanted.terms.codes:
                before = self._with_code.get(draft.edit)
                if before is None:
                    samples = [sample.product for sample in preview.prices]
                    before = await price_products(self._database, self._caller, samples, preview.at)
                code = draft.wanted.terms.codes[0]
                self.changes += find_price_changes(before, _sampled(preview), preview.at, code)


def _needs_code(draft: Drafted) -> bool:
    return draft.wanted.type is PromotionType.COUPON


def _sampled(preview: Preview) -> Prices:
    return {
        sample.product.product_id: UnitPrice(sample.product, sample.line.total, sample.winner)
        for sample in preview.prices
    }
