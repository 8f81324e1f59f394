"""Back-tests: start, get, list, cancel and delete them."""

from collections.abc import Sequence
from dataclasses import replace as replace_fields
from datetime import datetime
from typing import Final

from sconto.domain.backtest.draft import MAX_NAMED, CartPromotionDraft, ProductDraft
from sconto.domain.backtest.job import MAX_WAITING, Backtest, NewBacktest
from sconto.domain.backtest.problems import BacktestNotFound, DraftTooLarge, TooManyBacktests
from sconto.domain.cart_promotion import NewCartPromotion
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.domain.promotion import (
    NewPromotion,
    Promotion,
    PromotionChange,
    changed_summary,
)
from sconto.operations import cart_promotions, promotions
from sconto.operations.idempotency import EncodedAnswer, KeyedRequest, run_once
from sconto.store import backtests
from sconto.store.database import Connection, Database, retried, retrying

_SECONDS_LATER: Final = 30


async def start_backtest(
    database: Database,
    caller: Caller,
    new: NewBacktest,
    now: datetime,
    request: KeyedRequest[Backtest, EncodedAnswer] | None = None,
) -> Backtest:
    """Start a back-test; it is computed in the background.

    Raises TooManyBacktests, PromotionNotFound if the promotion that the draft replaces does not
    exist, and what `run_once` raises.
    """
    draft = new.draft
    if draft.replaces is not None:
        if isinstance(draft, CartPromotionDraft):
            await cart_promotions.get_promotion(database, caller, draft.replaces)
        else:
            await promotions.get_summary(database, caller, draft.replaces)

    async def start(connection: Connection) -> Backtest:
        started = await backtests.insert_backtest(
            connection, caller.merchant_id, new, now, MAX_WAITING
        )
        if started is None:
            raise TooManyBacktests(MAX_WAITING, _SECONDS_LATER)
        return started

    return await run_once(database, caller, request, start, now)


@retried
async def get_backtest(database: Database, caller: Caller, backtest_id: int) -> Backtest:
    """The back-test, with its result once it is finished. Raises BacktestNotFound."""
    async with database.read(caller.merchant_id) as connection:
        found = await backtests.find_backtest(connection, caller.merchant_id, backtest_id)
    if found is None:
        raise BacktestNotFound(backtest_id)
    return found


@retried
async def list_backtests(
    database: Database, caller: Caller, limit: int, before: int | None = None
) -> tuple[Sequence[Backtest], bool]:
    """The latest back-tests without their results, and whether there are more."""
    async with database.read(caller.merchant_id) as connection:
        found = await backtests.list_backtests(connection, caller.merchant_id, limit + 1, before)
    return found[:limit], len(found) > limit


async def cancel_backtest(
    database: Database, caller: Caller, backtest_id: int, now: datetime
) -> Backtest:
    """Cancel a back-test; does nothing to one that has ended.

    Raises BacktestNotFound.
    """

    async def cancel() -> Backtest | None:
        async with database.write(caller.merchant_id) as connection:
            return await backtests.cancel_backtest(connection, caller.merchant_id, backtest_id, now)

    cancelled = await retrying(cancel)
    return cancelled or await get_backtest(database, caller, backtest_id)


async def delete_backtest(database: Database, caller: Caller, backtest_id: int) -> None:
    """Delete a back-test; one that is running stops. Raises BacktestNotFound."""

    async def delete() -> bool:
        async with database.write(caller.merchant_id) as connection:
            return await backtests.delete_backtest(connection, caller.merchant_id, backtest_id)

    if not await retrying(delete):
        raise BacktestNotFound(backtest_id)


def draft_cart_promotion(new: NewCartPromotion, replaces: int | None = None) -> CartPromotionDraft:
    """A draft of a cart promotion; with a code type but no codes it keeps the stored ones."""
    return CartPromotionDraft(new, replaces)


def draft_product_promotion(
    new: NewPromotion, replaces: int | None = None, *, keep_codes: bool = False
) -> ProductDraft:
    """A draft of a product promotion. Raises DraftTooLarge."""
    terms, percent, percents = new.terms, None, {}
    match terms.coverage:
        case AllProducts(percent=everywhere):
            percent = everywhere
        case ListedProducts(percent=common, product_ids=product_ids):
            percents = dict.fromkeys(product_ids, common)
        case OwnPercents(percents=own):
            percents = dict(own)
    if len(percents) > MAX_NAMED or len(terms.codes) > MAX_NAMED:
        raise DraftTooLarge(MAX_NAMED)
    return ProductDraft(
        name=new.name,
        type=new.type,
        active=new.active,
        period=new.period,
        percent=percent,
        percents=percents,
        code_type=terms.code_type,
        codes=None if keep_codes else terms.codes,
        replaces=replaces,
    )


async def draft_product_change(
    database: Database, caller: Caller, promotion_id: int, change: PromotionChange, now: datetime
) -> ProductDraft:
    """A change of a stored product promotion as a draft. Raises PromotionNotFound, DraftTooLarge.

    It keeps the stored codes if the change has no terms, or has `keep_codes`.
    """
    stored = await promotions.get_promotion(database, caller, promotion_id, most_codes=0)
    new, keep_codes = changed_promotion(stored, change, now)
    return draft_product_promotion(new, promotion_id, keep_codes=keep_codes)


def changed_promotion(
    stored: Promotion, change: PromotionChange, now: datetime
) -> tuple[NewPromotion, bool]:
    """The promotion after the change, and whether it keeps its codes."""
    summary = changed_summary(stored.summary, change, now)
    terms = change.terms or replace_fields(stored.terms, codes=())
    new = NewPromotion(summary.type, summary.name, summary.active, summary.period, terms)
    return new, change.terms is None or change.keep_codes


async def is_cart_promotion(database: Database, caller: Caller, promotion_id: int) -> bool:
    """Whether the id is a cart promotion's; otherwise it may be a product promotion's."""
    try:
        await cart_promotions.get_promotion(database, caller, promotion_id)
    except PromotionNotFound:
        return False
    return True
