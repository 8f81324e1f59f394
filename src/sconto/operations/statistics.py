"""Statistics: how often promotions were used."""

from collections.abc import Iterator

from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.domain.statistics import CodeUses
from sconto.store.database import Database, retried
from sconto.store.statistics import find_statistics_in_parts


@retried
async def get_statistics_in_parts(
    database: Database, caller: Caller, promotion_id: int
) -> tuple[int, Iterator[list[CodeUses]] | None]:
    """The redemptions of a promotion, and in parts those of its codes, which may be a million.

    All are of one moment. There are no parts, but None, if the promotion never had codes. Raises
    PromotionNotFound.
    """
    async with database.read(caller.merchant_id) as connection:
        found = await find_statistics_in_parts(connection, caller.merchant_id, promotion_id)
    if found is None:
        raise PromotionNotFound(promotion_id)
    return found
