"""Who changed what and when. Each operation records its changes; this module reads them."""

from sconto.domain.history import HistoryPage, Subject
from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.store import history, promotions
from sconto.store.database import Database, retried


@retried
async def get_promotion_history(
    database: Database, caller: Caller, promotion_id: int, *, limit: int, before: int | None = None
) -> HistoryPage:
    """The latest entries about a promotion and its codes; raises PromotionNotFound.

    With `before`, the latest entries that are older than the entry with that id.
    """
    merchant_id = caller.merchant_id
    async with database.read(merchant_id) as connection:
        if await promotions.find_summary(connection, merchant_id, promotion_id) is None:
            raise PromotionNotFound(promotion_id)
        return await history.list_entries(
            connection, merchant_id, Subject.PROMOTION, promotion_id, limit, before
        )


@retried
async def list_entries(
    database: Database,
    caller: Caller,
    subject: Subject,
    subject_id: int,
    *,
    limit: int,
    before: int | None = None,
) -> HistoryPage:
    """The latest entries about one promotion, deleted or archived too; none if it is unknown."""
    async with database.read(caller.merchant_id) as connection:
        return await history.list_entries(
            connection, caller.merchant_id, subject, subject_id, limit, before
        )


@retried
async def list_entries_of_all(
    database: Database,
    caller: Caller,
    subject: Subject,
    *,
    limit: int,
    before: int | None = None,
) -> HistoryPage:
    """The latest entries about all users, or all API keys, of the merchant."""
    async with database.read(caller.merchant_id) as connection:
        return await history.list_entries_of_all(
            connection, caller.merchant_id, subject, limit, before
        )
