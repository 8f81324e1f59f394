"""The products that a promotion covers: by page, and all of them for a file."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from sconto.domain.covered_products import CoveredPage, CoveredProduct, CoveredQuery
from sconto.domain.people import Caller
from sconto.store import covered_products as store
from sconto.store.database import Database, retried

_EXPORT_BATCH: Final = 500
"""Products that are written in one step: other requests wait for one step at most."""


@retried
async def list_covered(
    database: Database, caller: Caller, promotion_id: int, query: CoveredQuery
) -> CoveredPage:
    """The products that match the query; none for an unknown promotion."""
    async with database.read(caller.merchant_id) as connection:
        return await store.list_covered(connection, caller.merchant_id, promotion_id, query)


async def export_covered(
    database: Database, caller: Caller, promotion_id: int, search: str | None = None
) -> AsyncIterator[tuple[CoveredProduct, ...]]:
    """The products by id, in batches; no connection is held between two batches."""
    query = CoveredQuery(_EXPORT_BATCH, search=search)
    while True:
        page = await list_covered(database, caller, promotion_id, query)
        yield page.products
        if page.next is None:
            return
        query = replace(query, after=page.next)
