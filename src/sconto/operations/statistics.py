"""Statistics: how often promotions were used."""

from collections.abc import Iterator

from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.domain.statistics import CodeUses, Statistics
from sconto.store.database import Database, retried
from sconto.store.statistics import find_statistics, find_statistics_in_parts


@retried
async def get_statistics(database: Database, caller: Caller, promotion_id: int) -> Statistics:
    """The redemptions of a promotion and of its codes; raises PromotionNotFound."""
    async with database.read(caller.merchant_id) as connection:
        statistics = await find_statistics(connection, caller.merchant_id, promotion_id)
    if statistics is None:
        raise PromotionNotFound(promotion_id)
    return statistics


@retried
async def get_statistics_in_parts(
    database: Database, caller: Caller, promotion_id: int
) -> tuple[int, Iterator[list[CodeUses]] | None]:
    """All redemptions of a promotion, and those of its codes in parts, for up to a million codes.

    The parts are of one moment, and None if the promotion never had codes. Raises
    PromotionNotFound.
    """
    async with database.read(caller.merchant_id) as connection:
        found = await find_statistics_in_parts(connection, caller.merchant_id, promotion_id)
    if found is None:
        raise PromotionNotFound(promotion_id)
    return found
