"""Overviews of promotions, for the portal: in pages, and one by one."""

from dataclasses import replace
from datetime import date, datetime
from typing import Final

from sconto.domain.cart import Cart, Line
from sconto.domain.overview import (
    DeletedPromotion,
    ExamplePrice,
    ListCount,
    OverviewPage,
    OverviewQuery,
    PromotionHeading,
    PromotionOverview,
)
from sconto.domain.people import Caller
from sconto.domain.preview import preview_time
from sconto.domain.pricing import price
from sconto.domain.problems import PromotionNotFound
from sconto.domain.promotion import RESTORABLE_FOR
from sconto.domain.search import read_search
from sconto.operations.search import is_prepared
from sconto.store import promotion_lists as store
from sconto.store import promotion_pages as pages
from sconto.store import redemption_days
from sconto.store.candidates import read_candidates
from sconto.store.database import Connection, Database, retried

_MAX_DELETED: Final = 100
_EXAMPLES: Final = 6


@retried
async def list_overviews(
    database: Database, caller: Caller, query: OverviewQuery, now: datetime, today: date
) -> OverviewPage:
    """The page that the query asks for: two statements, and one more for a search.

    One more if the filters match few of very many. Uses are counted on the day `today` at present.
    """
    merchant_id = caller.merchant_id
    search = None if query.search is None else read_search(query.search)
    async with database.read(merchant_id) as connection:
        selection = pages.ALL
        if search is not None:
            by_index = await is_prepared(database, connection)
            selection = await pages.find_selection(connection, merchant_id, search, by_index)
        count = await pages.count_matching(connection, merchant_id, query, selection, now)
        is_back = query.before is not None
        page = await _read_page(connection, caller, query, selection, count, now, today)
        if is_back and page.previous is None and len(page.overviews) < query.limit:
            # Fewer than a page come before the place: the first page shows them all.
            first = replace(query, before=None)
            page = await _read_page(connection, caller, first, selection, count, now, today)
    return page


async def _read_page(
    connection: Connection,
    caller: Caller,
    query: OverviewQuery,
    selection: pages.Selection,
    count: ListCount,
    now: datetime,
    today: date,
) -> OverviewPage:
    merchant_id, limit = caller.merchant_id, query.limit
    is_back = query.before is not None
    one_more = replace(query, limit=limit + 1)
    found, places = await pages.walk_page(connection, merchant_id, one_more, selection, now, today)
    beyond = None
    if len(found) > limit:
        part = slice(1, None) if is_back else slice(limit)
        found, places = found[part], places[part]
        beyond = places[0] if is_back else places[-1]
    elif not count.exact:
        beyond = await pages.find_last_walked(connection, merchant_id, query, selection)
    if is_back:
        return OverviewPage(tuple(found), count, beyond, places[-1] if places else query.before)
    has_previous = query.after is not None
    previous = (places[0] if places else query.after) if has_previous else None
    return OverviewPage(tuple(found), count, previous, beyond)


@retried
async def list_deleted(database: Database, caller: Caller, now: datetime) -> list[DeletedPromotion]:
    """The promotions that can be restored, the latest deleted first; at most a hundred."""
    async with database.read(caller.merchant_id) as connection:
        return await store.list_deleted(
            connection, caller.merchant_id, now - RESTORABLE_FOR, _MAX_DELETED
        )


@retried
async def get_overview(
    database: Database, caller: Caller, promotion_id: int, today: date
) -> PromotionOverview:
    """The overview of one promotion; raises PromotionNotFound."""
    async with database.read(caller.merchant_id) as connection:
        found = await store.find_overview(connection, caller.merchant_id, promotion_id, today)
    if found is None:
        raise PromotionNotFound(promotion_id)
    return found


@retried
async def get_heading(database: Database, caller: Caller, promotion_id: int) -> PromotionHeading:
    """What every page about a promotion shows of it; raises PromotionNotFound."""
    async with database.read(caller.merchant_id) as connection:
        found = await store.find_heading(connection, caller.merchant_id, promotion_id)
    if found is None:
        raise PromotionNotFound(promotion_id)
    return found


@retried
async def price_examples(
    database: Database, caller: Caller, overview: PromotionOverview, now: datetime
) -> tuple[datetime, list[ExamplePrice]]:
    """What some of its products cost with its first code: now, or when it starts."""
    at = preview_time(overview.summary.period, now)
    async with database.read(caller.merchant_id) as connection:
        covered = await redemption_days.first_covered(
            connection, caller.merchant_id, overview.summary.id, _EXAMPLES
        )
        carts = [
            Cart(p.currency, (Line("1", p.product_id, 1, p.price),), overview.codes.first[:1])
            for p in covered
        ]
        lines = tuple(cart.lines[0] for cart in carts)
        all_lines = Cart("EUR", lines, overview.codes.first[:1])
        candidates = await read_candidates(
            connection, database.pick_cache, caller.merchant_id, all_lines, at
        )
    return at, [
        ExamplePrice(product, price(cart, candidates, at).lines[0])
        for product, cart in zip(covered, carts, strict=True)
    ]
