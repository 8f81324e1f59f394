"""Promotions: create, change, switch, delete, restore, get and list them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sconto.domain.coverage import Coverage, named_products
from sconto.domain.history import (
    ListChange,
    TermsChange,
    promotion_changed,
    promotion_created,
    promotion_deleted,
    promotion_restored,
)
from sconto.domain.people import Caller
from sconto.domain.problems import (
    PeriodReversed,
    PromotionNotFound,
    TermsMissing,
    UnknownProducts,
)
from sconto.domain.promotion import (
    RESTORABLE_FOR,
    NewPromotion,
    Promotion,
    PromotionChange,
    PromotionQuery,
    PromotionSummary,
    PromotionType,
    Terms,
    changed_summary,
)
from sconto.domain.schedule import Period
from sconto.operations.versions import ChangedMeanwhile
from sconto.store import code_sweeps, codes, coverage, history, promotions, timeline
from sconto.store.database import Connection, Database, retried, retrying
from sconto.store.price_versions import Renewal, renew_prices
from sconto.store.promotions import PromotionRow


async def create_promotion(
    database: Database, caller: Caller, new: NewPromotion, now: datetime
) -> int:
    """Create a promotion: its id. Raises UnknownProducts, PeriodReversed."""
    return await retrying(lambda: _create(database, caller, new, now))


async def change_promotion(
    database: Database,
    caller: Caller,
    promotion_id: int,
    change: PromotionChange,
    now: datetime,
    version: datetime | None = None,
) -> None:
    """Change a promotion, all of it or nothing.

    `version` is the change that the caller saw last; ChangedMeanwhile is raised if there was a
    later one. Raises PromotionNotFound, UnknownProducts, PeriodReversed for the period after the
    change, and TermsMissing for another type without its terms.
    """
    await retrying(lambda: _change(database, caller, promotion_id, change, now, version))


async def switch_promotion(
    database: Database, caller: Caller, promotion_id: int, now: datetime, *, active: bool
) -> PromotionSummary:
    """Switch a promotion on or off; returns it after that. Raises PromotionNotFound."""
    change = PromotionChange(active=active)
    return await retrying(lambda: _change(database, caller, promotion_id, change, now))


async def move_end(
    database: Database, caller: Caller, promotion_id: int, ends_at: datetime | None, now: datetime
) -> PromotionSummary:
    """Give a promotion another end, or none; returns it after that.

    Raises PromotionNotFound and PeriodReversed.
    """
    change = PromotionChange(ends_at=ends_at, no_end=ends_at is None)
    return await retrying(lambda: _change(database, caller, promotion_id, change, now))


async def delete_promotion(
    database: Database, caller: Caller, promotion_id: int, now: datetime
) -> PromotionSummary:
    """Delete a promotion with its codes; returns it. Raises PromotionNotFound."""
    return await retrying(lambda: _delete(database, caller, promotion_id, now))


async def restore_promotion(
    database: Database, caller: Caller, promotion_id: int, now: datetime
) -> None:
    """Restore a deleted promotion as it was, with its codes.

    Raises PromotionNotFound, also if it was deleted longer than RESTORABLE_FOR ago.
    """
    done: code_sweeps.Restoration | None = None

    async def restore_batch() -> code_sweeps.Restoration:
        return await _restore_batch(database, caller, promotion_id, now, done)

    while done is None or not done.is_complete:
        done = await retrying(restore_batch)


@retried
async def get_promotion(
    database: Database, caller: Caller, promotion_id: int, most_codes: int | None = None
) -> Promotion:
    """The promotion with its terms and at most `most_codes` codes. Raises PromotionNotFound."""
    async with database.read(caller.merchant_id) as connection:
        found = await promotions.find_promotion(
            connection, caller.merchant_id, promotion_id, most_codes
        )
    if found is None:
        raise PromotionNotFound(promotion_id)
    return found


@retried
async def get_summary(database: Database, caller: Caller, promotion_id: int) -> PromotionSummary:
    """The promotion without its lists; raises PromotionNotFound."""
    async with database.read(caller.merchant_id) as connection:
        summary = await promotions.find_summary(connection, caller.merchant_id, promotion_id)
    if summary is None:
        raise PromotionNotFound(promotion_id)
    return summary


@retried
async def list_promotions(
    database: Database, caller: Caller, query: PromotionQuery, now: datetime
) -> list[int]:
    """The ids of the promotions that match the query."""
    async with database.read(caller.merchant_id) as connection:
        return await promotions.list_promotions(connection, caller.merchant_id, query, now)


@retried
async def find_unknown_products(
    database: Database, caller: Caller, product_ids: Sequence[int]
) -> list[int]:
    """The products that are not in the catalogue, in the order given, each once."""
    async with database.read(caller.merchant_id) as connection:
        return await coverage.find_unknown_products(connection, caller.merchant_id, product_ids)


async def _create(database: Database, caller: Caller, new: NewPromotion, now: datetime) -> int:
    merchant_id, terms = caller.merchant_id, new.terms
    _require_in_order(new.period)
    async with database.write(merchant_id) as connection:
        await _require_known(connection, merchant_id, terms)
        await promotions.lock_promotions(connection, merchant_id)
        promotion_id = await promotions.insert_promotion(connection, merchant_id, new, now)
        await coverage.write_products(connection, merchant_id, promotion_id, terms.coverage, {})
        await codes.write_first_codes(connection, merchant_id, promotion_id, terms.codes, now)
        claim = _claim(_shown_in(new), terms.coverage)
        renewal = await _redraw(connection, merchant_id, promotion_id, None, claim)
        entry = promotion_created(promotion_id, new)
        await history.record(connection, caller, entry, now, renewal)
    return promotion_id


async def _change(
    database: Database,
    caller: Caller,
    promotion_id: int,
    change: PromotionChange,
    now: datetime,
    version: datetime | None = None,
) -> PromotionSummary:
    merchant_id = caller.merchant_id
    async with database.write(merchant_id) as connection:
        if change.terms is not None:
            await _require_known(connection, merchant_id, change.terms)
        await promotions.lock_promotions(connection, merchant_id)
        row = await _existing(connection, merchant_id, promotion_id, _products_needed(change))
        before, after = row.summary, changed_summary(row.summary, change, now)
        _require_in_order(after.period)
        if change.terms is None and after.type is not before.type:
            raise TermsMissing(after.type)
        if not await promotions.update_promotion(
            connection, merchant_id, after, change.terms, version
        ):
            raise ChangedMeanwhile
        old_claim = new_claim = changed_terms = None
        if change.terms is not None or _shown_in(after) != _shown_in(before):
            covered = row.coverage
            to_cover = covered if change.terms is None else change.terms.coverage
            old_claim = _claim(_shown_in(before), covered)
            new_claim = _claim(_shown_in(after), to_cover)
            changed_terms = await _change_terms(connection, merchant_id, row, covered, change, now)
        renewal = await _redraw(connection, merchant_id, promotion_id, old_claim, new_claim)
        if (entry := promotion_changed(before, after, changed_terms)) is None:
            await renew_prices(connection, merchant_id, renewal)
        else:
            await history.record(connection, caller, entry, now, renewal)
    return after


async def _change_terms(
    connection: Connection,
    merchant_id: int,
    row: PromotionRow,
    covered: Coverage,
    change: PromotionChange,
    now: datetime,
) -> TermsChange | None:
    """Replace the products and codes if the change has terms; returns what differs."""
    if (terms := change.terms) is None:
        return None
    promotion_id = row.summary.id
    await coverage.write_products(
        connection, merchant_id, promotion_id, terms.coverage, row.products
    )
    written = ListChange()
    if not change.keep_codes:
        written = await codes.write_codes(connection, merchant_id, promotion_id, terms.codes, now)
    return TermsChange(covered, terms.coverage, row.code_type, terms.code_type, written)


async def _delete(
    database: Database, caller: Caller, promotion_id: int, now: datetime
) -> PromotionSummary:
    merchant_id = caller.merchant_id
    async with database.write(merchant_id) as connection:
        await promotions.lock_promotions(connection, merchant_id)
        row = await _existing(connection, merchant_id, promotion_id)
        await promotions.delete_promotion(connection, merchant_id, promotion_id, now)
        removed = await code_sweeps.begin_sweep(connection, merchant_id, promotion_id, now)
        claim = _claim(_shown_in(row.summary), row.coverage)
        renewal = await _redraw(connection, merchant_id, promotion_id, claim, None)
        entry = promotion_deleted(row.summary, row.coverage, row.code_type, removed)
        await history.record(connection, caller, entry, now, renewal)
    return row.summary


async def _restore_batch(
    database: Database,
    caller: Caller,
    promotion_id: int,
    now: datetime,
    before: code_sweeps.Restoration | None,
) -> code_sweeps.Restoration:
    """Restore a batch of the codes; with the last batch, restore the promotion."""
    merchant_id = caller.merchant_id
    async with database.write(merchant_id) as connection:
        await promotions.lock_promotions(connection, merchant_id)
        since = now - RESTORABLE_FOR
        row = await promotions.find_row(
            connection, merchant_id, promotion_id, (PromotionType.DISCOUNT,), since
        )
        if row is None or row.deleted_at is None:
            raise PromotionNotFound(promotion_id)
        done = await code_sweeps.restore_batch(
            connection, merchant_id, promotion_id, row.deleted_at, before
        )
        if not done.is_complete:
            return done
        await promotions.restore_promotion(connection, merchant_id, promotion_id, now)
        claim = _claim(_shown_in(row.summary), row.coverage)
        renewal = await _redraw(connection, merchant_id, promotion_id, None, claim)
        entry = promotion_restored(row.summary)
        await history.record(connection, caller, entry, now, renewal)
    return done


async def _redraw(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    before: timeline.Claim | None,
    after: timeline.Claim | None,
) -> Renewal:
    """Update the timeline; returns which cached data the edit ends."""
    changed = await timeline.redraw(connection, merchant_id, promotion_id, before, after)
    return Renewal(picks=changed, codes_of=promotion_id)


async def _existing(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    products_of: Collection[PromotionType] = tuple(PromotionType),
) -> PromotionRow:
    row = await promotions.find_row(connection, merchant_id, promotion_id, products_of)
    if row is None:
        raise PromotionNotFound(promotion_id)
    return row


def _products_needed(change: PromotionChange) -> Collection[PromotionType]:
    """The types of promotions whose products are needed to make the change."""
    if change.terms is not None:
        return tuple(PromotionType)
    is_name_alone = change == PromotionChange(change.type, change.name)
    # Without codes, a promotion is in the timelines of its products.
    return () if is_name_alone else (PromotionType.DISCOUNT,)


async def _require_known(connection: Connection, merchant_id: int, terms: Terms) -> None:
    """Raise UnknownProducts. It needs no lock, because products are deleted without one."""
    named = named_products(terms.coverage)
    unknown = await coverage.find_unknown_products(connection, merchant_id, named)
    if unknown:
        raise UnknownProducts(tuple(unknown))


def _require_in_order(period: Period) -> None:
    if period.ends_at is not None and period.ends_at < period.starts_at:
        raise PeriodReversed


def _shown_in(promotion: NewPromotion | PromotionSummary) -> Period | None:
    """The period in which a promotion applies by itself; None if it never does."""
    applies = promotion.active and promotion.type is PromotionType.DISCOUNT
    return promotion.period if applies else None


def _claim(period: Period | None, covered: Coverage) -> timeline.Claim | None:
    return None if period is None else timeline.Claim(period, covered)
