"""How often promotions were used."""

from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.domain.statistics import Statistics
from sconto.store.database import Database, retried
from sconto.store.statistics import find_statistics


@retried
async def promotion_statistics(database: Database, caller: Caller, promotion_id: int) -> Statistics:
    """The redemptions of a promotion and of its codes; raises PromotionNotFound."""
    async with database.read(caller.merchant_id) as connection:
        statistics = await find_statistics(connection, caller.merchant_id, promotion_id)
    if statistics is None:
        raise PromotionNotFound(promotion_id)
    return statistics
