"""What people look through: the promotions of a merchant, page after page, and one at a time."""

from dataclasses import replace
from datetime import date, datetime

from sconto.domain.overview import OverviewPage, OverviewQuery, PromotionOverview
from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.store import promotion_lists as store
from sconto.store.database import Database
from sconto.store.promotions import LARGEST


async def list_overviews(
    database: Database, caller: Caller, query: OverviewQuery, now: datetime, today: date
) -> OverviewPage:
    """The page that the query asks for, in one statement, or two where it is not full.

    `today` is the day on which uses are counted now.
    """
    one_more = replace(query, limit=query.limit + 1)
    async with database.read() as connection:
        found, places = await store.list_overviews(
            connection, caller.merchant_id, one_more, now, today
        )
        if len(found) > query.limit:
            return OverviewPage(tuple(found[: query.limit]), places[query.limit - 1])
        last = await store.find_last_walked(connection, caller.merchant_id, query)
    return OverviewPage(tuple(found), last)


async def get_overview(
    database: Database, caller: Caller, promotion_id: int, today: date
) -> PromotionOverview:
    """One promotion as a list tells it; raises PromotionNotFound."""
    async with database.read() as connection:
        found = (
            await store.find_overview(connection, caller.merchant_id, promotion_id, today)
            if promotion_id <= LARGEST
            else None
        )
    if found is None:
        raise PromotionNotFound(promotion_id)
    return found
