"""Statistics: how often promotions were used."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.domain.redemption_days import DailyQuery, DailyUses
from sconto.domain.statistics import CodeUses
from sconto.operations.counters import DAYS_FOLDED_AFTER
from sconto.store.database import Database, retried
from sconto.store.redemption_days import list_days
from sconto.store.statistics import find_statistics_in_parts


@retried
async def get_statistics_in_parts(
    database: Database, caller: Caller, promotion_id: int
) -> tuple[int, Iterator[list[CodeUses]] | None]:
    """The redemptions of a promotion and, in parts, of its codes, which may be a million.

    All are of one moment. The parts are None if the promotion never had codes. Raises
    PromotionNotFound.
    """
    async with database.read(caller.merchant_id) as connection:
        found = await find_statistics_in_parts(connection, caller.merchant_id, promotion_id)
    if found is None:
        raise PromotionNotFound(promotion_id)
    return found


@retried
async def list_daily_uses(
    database: Database, caller: Caller, promotion_id: int, query: DailyQuery, today: date
) -> tuple[list[DailyUses], bool]:
    """The uses of a promotion by day, code and currency, and whether there are more.

    Older days are added up by month, like their counters (`counters`). Raises PromotionNotFound.
    """
    one_more = replace(query, limit=query.limit + 1)
    async with database.read(caller.merchant_id) as connection:
        found = await list_days(
            connection, caller.merchant_id, promotion_id, one_more, today - DAYS_FOLDED_AFTER
        )
    if found is None:
        raise PromotionNotFound(promotion_id)
    return found[: query.limit], len(found) > query.limit
