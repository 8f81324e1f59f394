"""Saving and switching on product promotions, unless that raises prices without consent.

In a group of automatic promotions the latest created wins, even with a smaller percent. So a new
promotion may raise the price of a product that an older one made cheap.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Final

from sconto.domain.coverage import AllProducts, named_products
from sconto.domain.people import Caller
from sconto.domain.preview import preview_time
from sconto.domain.price_changes import PriceChange, find_price_changes
from sconto.domain.product import Product
from sconto.domain.promotion import (
    NewPromotion,
    PromotionChange,
    PromotionSummary,
    PromotionType,
)
from sconto.operations import overviews, products, promotions
from sconto.operations.catalog_prices import MAX_PRICED, first_products, price_products
from sconto.store import promotions as store
from sconto.store.database import Database, retrying

MAX_NAMED: Final = 5
"""Rises that are shown with the promotion until then."""


@dataclass(frozen=True, slots=True)
class PriceRises:
    """Products that would cost more, each once, at the first time that it does.

    `names` are those of the promotions that apply to the first MAX_NAMED until then, by id.
    """

    changes: Sequence[PriceChange]
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class PromotionDraft:
    """A promotion that is not saved yet; it is new, or replaces the promotion of this id.

    With `keep_codes` the codes of that one stay. `version` is the version of that one from which
    the draft was made.
    """

    new: NewPromotion
    promotion_id: int | None = None
    keep_codes: bool = False
    version: datetime | None = None

    @property
    def change(self) -> PromotionChange:
        """The change that turns the stored promotion into the draft."""
        new = self.new
        return PromotionChange(
            type=new.type,
            name=new.name,
            active=new.active,
            starts_at=new.period.starts_at,
            ends_at=new.period.ends_at,
            no_end=new.period.ends_at is None,
            terms=new.terms,
            keep_codes=self.keep_codes,
        )


class PricesRaised(Exception):
    """The change would raise prices, so it was not made."""

    def __init__(self, rises: PriceRises) -> None:
        super().__init__("the change raises prices")
        self.rises = rises


class _SaveRolledBack(Exception):
    """Rolls the transaction back."""


async def save_promotion(
    database: Database,
    caller: Caller,
    draft: PromotionDraft,
    now: datetime,
    *,
    accept_rises: bool = False,
) -> int:
    """Create or change the promotion; returns its id.

    Raises PricesRaised unless `accept_rises`, ChangedMeanwhile, and what creating and changing
    promotions raise.
    """
    if not accept_rises:
        return await retrying(lambda: _save(database, caller, draft, now, keep=True))
    if draft.promotion_id is None:
        return await promotions.create_promotion(database, caller, draft.new, now)
    await promotions.change_promotion(
        database, caller, draft.promotion_id, draft.change, now, draft.version
    )
    return draft.promotion_id


async def find_rises(
    database: Database, caller: Caller, draft: PromotionDraft, now: datetime
) -> PriceRises | None:
    """The prices that saving the draft would raise. Nothing is saved; raises as saving does."""
    try:
        await retrying(lambda: _save(database, caller, draft, now, keep=False))
    except PricesRaised as raised:
        return raised.rises
    except _SaveRolledBack:
        return None
    raise AssertionError("a draft was saved")


async def switch_on(
    database: Database, caller: Caller, promotion_id: int, now: datetime
) -> PromotionSummary:
    """Switch the promotion on. Raises PricesRaised and PromotionNotFound."""

    async def run() -> PromotionSummary:
        async with _joined(database, caller) as joined:
            before = await _stored(joined, caller, promotion_id)
            after = replace(before, active=True)
            async with _watching(joined, caller, [before, after], now):
                return await promotions.switch_promotion(
                    joined, caller, promotion_id, now, active=True
                )

    return await retrying(run)


async def move_end(
    database: Database,
    caller: Caller,
    promotion_id: int,
    ends_at: datetime | None,
    now: datetime,
) -> PromotionSummary:
    """Give the promotion another end; None for no end.

    Raises PricesRaised, PromotionNotFound and PeriodReversed.
    """

    async def run() -> PromotionSummary:
        async with _joined(database, caller) as joined:
            before = await _stored(joined, caller, promotion_id)
            after = replace(before, period=replace(before.period, ends_at=ends_at))
            async with _watching(joined, caller, [before, after], now):
                return await promotions.move_end(joined, caller, promotion_id, ends_at, now)

    return await retrying(run)


async def _save(
    database: Database, caller: Caller, draft: PromotionDraft, now: datetime, *, keep: bool
) -> int:
    new, promotion_id = draft.new, draft.promotion_id
    async with _joined(database, caller) as joined:
        if promotion_id is None:
            async with _watching(joined, caller, [new], now):
                promotion_id = await promotions.create_promotion(joined, caller, new, now)
        else:
            before = await _stored(joined, caller, promotion_id)
            async with _watching(joined, caller, [before, new], now):
                change, version = draft.change, draft.version if keep else None
                await promotions.change_promotion(
                    joined, caller, promotion_id, change, now, version
                )
        if not keep:
            raise _SaveRolledBack
    return promotion_id


@asynccontextmanager
async def _joined(database: Database, caller: Caller) -> AsyncIterator[Database]:
    """One transaction that other edits of the merchant wait for; orders do not."""
    async with database.write(caller.merchant_id) as connection:
        await store.lock_promotions(connection, caller.merchant_id)
        yield database.joined(connection)


async def _stored(joined: Database, caller: Caller, promotion_id: int) -> NewPromotion:
    found = await promotions.get_promotion(joined, caller, promotion_id, most_codes=0)
    summary = found.summary
    return NewPromotion(summary.type, summary.name, summary.active, summary.period, found.terms)


@asynccontextmanager
async def _watching(
    joined: Database, caller: Caller, versions: Sequence[NewPromotion], now: datetime
) -> AsyncIterator[None]:
    """Compare prices before and after the block. Raises PricesRaised.

    `versions` are the promotion before and after the change. Prices are compared now, and when a
    version starts. Only automatic promotions change prices for every customer.
    """
    automatic = [one for one in versions if one.active and one.type is PromotionType.DISCOUNT]
    starts = {preview_time(one.period, now) for one in automatic}
    times = sorted({now, *(start for start in starts if start > now)}) if automatic else []
    affected = await _affected(joined, caller, automatic)
    before = [await price_products(joined, caller, affected, at) for at in times]
    yield
    dearer: dict[int, PriceChange] = {}
    for at, old in zip(times, before, strict=True):
        new = await price_products(joined, caller, affected, at)
        for change in find_price_changes(old, new, at):
            if change.is_dearer:
                dearer.setdefault(change.product.product_id, change)
    if dearer:
        raise PricesRaised(await _with_names(joined, caller, [*dearer.values()]))


async def _affected(
    joined: Database, caller: Caller, automatic: Collection[NewPromotion]
) -> Sequence[Product]:
    """The products that the promotions cover, at most MAX_PRICED of them."""
    if not automatic:
        return []
    if any(isinstance(one.terms.coverage, AllProducts) for one in automatic):
        return (await first_products(joined, caller))[0]
    named = [named_products(one.terms.coverage) for one in automatic]
    ids = list(dict.fromkeys(chain.from_iterable(named)))[:MAX_PRICED]
    return [*(await products.find_products(joined, caller, ids)).values()]


async def _with_names(
    joined: Database, caller: Caller, changes: Sequence[PriceChange]
) -> PriceRises:
    """The rises with the names that are shown."""
    ids = {one.promotion_id for one in changes[:MAX_NAMED] if one.promotion_id is not None}
    headings = [await overviews.get_heading(joined, caller, one) for one in sorted(ids)]
    names = {heading.summary.id: heading.summary.name for heading in headings}
    return PriceRises(changes, names)
