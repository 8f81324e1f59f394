"""What a merchant asks for: create, change, delete, get and list promotions."""

from collections.abc import Sequence
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
    changed_summary,
)
from sconto.domain.schedule import Period
from sconto.store import code_sweeps, codes, coverage, history, promotions, timeline
from sconto.store.database import Connection, Database, retried, retrying
from sconto.store.price_versions import renew_price_version


async def create_promotion(
    database: Database, caller: Caller, new: NewPromotion, now: datetime
) -> int:
    """Create a promotion and answer its id; raises UnknownProducts and PeriodReversed."""
    return await retrying(lambda: _create(database, caller, new, now))


async def change_promotion(
    database: Database, caller: Caller, promotion_id: int, change: PromotionChange, now: datetime
) -> None:
    """Change a promotion, all of it or nothing.

    Raises PromotionNotFound, UnknownProducts, PeriodReversed for the period as it would stand, and
    TermsMissing for another type without its terms.
    """
    await retrying(lambda: _change(database, caller, promotion_id, change, now))


async def delete_promotion(
    database: Database, caller: Caller, promotion_id: int, now: datetime
) -> None:
    """Delete a promotion with its codes; raises PromotionNotFound."""
    await retrying(lambda: _delete(database, caller, promotion_id, now))


async def restore_promotion(
    database: Database, caller: Caller, promotion_id: int, now: datetime
) -> None:
    """Have a deleted promotion back as it was, with its codes.

    Raises PromotionNotFound, also for one whose deletion is longer ago than RESTORABLE_FOR.
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
    """The promotion with its terms; of its codes at most so many. Raises PromotionNotFound."""
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
        return await _existing(connection, caller.merchant_id, promotion_id)


@retried
async def list_promotions(
    database: Database, caller: Caller, query: PromotionQuery, now: datetime
) -> list[int]:
    """The ids of the promotions that the query asks for."""
    async with database.read(caller.merchant_id) as connection:
        return await promotions.list_promotions(connection, caller.merchant_id, query, now)


@retried
async def find_unknown_products(
    database: Database, caller: Caller, product_ids: Sequence[int]
) -> list[int]:
    """Those that the merchant's catalogue does not have, in the order given, each once."""
    async with database.read(caller.merchant_id) as connection:
        return await coverage.find_unknown_products(connection, caller.merchant_id, product_ids)


async def _create(database: Database, caller: Caller, new: NewPromotion, now: datetime) -> int:
    merchant_id, terms = caller.merchant_id, new.terms
    _require_in_order(new.period)
    async with database.write(merchant_id) as connection:
        await promotions.lock_promotions(connection, merchant_id)
        await _require_known(connection, merchant_id, terms.coverage)
        promotion_id = await promotions.insert_promotion(connection, merchant_id, new, now)
        await coverage.write_products(connection, merchant_id, promotion_id, terms.coverage)
        await codes.write_codes(connection, merchant_id, promotion_id, terms.codes, now)
        claim = _claim(_shown_in(new), terms.coverage)
        await timeline.redraw(connection, merchant_id, promotion_id, None, claim)
        await renew_price_version(connection, merchant_id)
        await history.record(connection, caller, promotion_created(promotion_id, new), now)
    return promotion_id


async def _change(
    database: Database, caller: Caller, promotion_id: int, change: PromotionChange, now: datetime
) -> None:
    merchant_id = caller.merchant_id
    async with database.write(merchant_id) as connection:
        await promotions.lock_promotions(connection, merchant_id)
        before = await _existing(connection, merchant_id, promotion_id)
        after = changed_summary(before, change, now)
        _require_in_order(after.period)
        if change.terms is None and after.type is not before.type:
            raise TermsMissing(after.type)
        await promotions.update_summary(connection, merchant_id, after)
        changed_terms = None
        if change.terms is not None or _shown_in(after) != _shown_in(before):
            covered = await coverage.find_coverage(connection, merchant_id, promotion_id)
            to_cover = covered if change.terms is None else change.terms.coverage
            changed_terms = await _change_terms(
                connection, merchant_id, promotion_id, change, covered, now
            )
            await timeline.redraw(
                connection,
                merchant_id,
                promotion_id,
                _claim(_shown_in(before), covered),
                _claim(_shown_in(after), to_cover),
            )
        await renew_price_version(connection, merchant_id)
        if (entry := promotion_changed(before, after, changed_terms)) is not None:
            await history.record(connection, caller, entry, now)


async def _change_terms(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    change: PromotionChange,
    covered: Coverage,
    now: datetime,
) -> TermsChange | None:
    """Replace the terms where the change has others; answers what differs."""
    if (terms := change.terms) is None:
        return None
    await _require_known(connection, merchant_id, terms.coverage)
    code_type = await promotions.find_code_type(connection, merchant_id, promotion_id)
    await promotions.update_terms(connection, merchant_id, promotion_id, terms)
    await coverage.write_products(connection, merchant_id, promotion_id, terms.coverage)
    written = ListChange()
    if not change.keep_codes:
        written = await codes.write_codes(connection, merchant_id, promotion_id, terms.codes, now)
    return TermsChange(covered, terms.coverage, code_type, terms.code_type, written)


async def _delete(database: Database, caller: Caller, promotion_id: int, now: datetime) -> None:
    merchant_id = caller.merchant_id
    async with database.write(merchant_id) as connection:
        await promotions.lock_promotions(connection, merchant_id)
        before = await _existing(connection, merchant_id, promotion_id)
        covered = await coverage.find_coverage(connection, merchant_id, promotion_id)
        code_type = await promotions.find_code_type(connection, merchant_id, promotion_id)
        await promotions.delete_promotion(connection, merchant_id, promotion_id, now)
        removed = await code_sweeps.begin_sweep(connection, merchant_id, promotion_id, now)
        claim = _claim(_shown_in(before), covered)
        await timeline.redraw(connection, merchant_id, promotion_id, claim, None)
        await renew_price_version(connection, merchant_id)
        entry = promotion_deleted(before, covered, code_type, removed)
        await history.record(connection, caller, entry, now)


async def _restore_batch(
    database: Database,
    caller: Caller,
    promotion_id: int,
    now: datetime,
    before: code_sweeps.Restoration | None,
) -> code_sweeps.Restoration:
    """Bring back some of the codes, and with the last of them the promotion."""
    merchant_id = caller.merchant_id
    async with database.write(merchant_id) as connection:
        await promotions.lock_promotions(connection, merchant_id)
        since = now - RESTORABLE_FOR
        found = await promotions.find_deleted(connection, merchant_id, promotion_id, since)
        if found is None:
            raise PromotionNotFound(promotion_id)
        deleted, deleted_at = found
        done = await code_sweeps.restore_batch(
            connection, merchant_id, promotion_id, deleted_at, before
        )
        if not done.is_complete:
            return done
        covered = await coverage.find_coverage(connection, merchant_id, promotion_id)
        await promotions.restore_promotion(connection, merchant_id, promotion_id, now)
        claim = _claim(_shown_in(deleted), covered)
        await timeline.redraw(connection, merchant_id, promotion_id, None, claim)
        await renew_price_version(connection, merchant_id)
        await history.record(connection, caller, promotion_restored(deleted), now)
    return done


async def _existing(
    connection: Connection, merchant_id: int, promotion_id: int
) -> PromotionSummary:
    summary = await promotions.find_summary(connection, merchant_id, promotion_id)
    if summary is None:
        raise PromotionNotFound(promotion_id)
    return summary


async def _require_known(connection: Connection, merchant_id: int, covered: Coverage) -> None:
    named = named_products(covered)
    unknown = await coverage.find_unknown_products(connection, merchant_id, named)
    if unknown:
        raise UnknownProducts(tuple(unknown))


def _require_in_order(period: Period) -> None:
    if period.ends_at is not None and period.ends_at < period.starts_at:
        raise PeriodReversed


def _shown_in(promotion: NewPromotion | PromotionSummary) -> Period | None:
    """The period in which a promotion applies by itself; None where it never does."""
    applies = promotion.active and promotion.type is PromotionType.DISCOUNT
    return promotion.period if applies else None


def _claim(period: Period | None, covered: Coverage) -> timeline.Claim | None:
    return None if period is None else timeline.Claim(period, covered)
