"""What `sconto check` finds."""

from sconto.domain.people import Caller
from sconto.operations.check import check
from sconto.store.database import Database


async def violations(database: Database, caller: Caller | None = None) -> list[str]:
    """The broken promises about the caller's merchant, or about all, in words."""
    checks = check(database, None if caller is None else caller.merchant_id)
    return [str(found) async for promise in checks for found in promise.violations]
