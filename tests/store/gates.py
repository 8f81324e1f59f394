"""A gate in the middle of a statement: what happens before it opens comes after its snapshot."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from sconto.store import holds, orders
from sconto.store.database import Connection, Database
from sconto.store.orders import OrderRaceLost

_GATE: Final = 471_100
_PASSING: Final = f"pg_advisory_xact_lock_shared({_GATE})"
_LOCK_OF_PROMOTIONS: Final = "pg_try_advisory_xact_lock_shared("
_WANTED_CODES: Final = "FROM unnest($6::bigint[]) AS wanted (code_id)\n"
_IS_WAITING: Final = f"""
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = {_GATE} AND NOT granted)
"""

Write = Callable[[Connection], Awaitable[object]]


def put_before_promotions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate in each statement that takes from limits, before it locks promotions."""
    behind = f"(SELECT true FROM {_PASSING}) AND {_LOCK_OF_PROMOTIONS}"
    _put(monkeypatch, _LOCK_OF_PROMOTIONS, behind)


def put_before_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate in each statement that takes codes, before it locks them."""
    behind = f"FROM {_PASSING}, unnest($6::bigint[]) AS wanted (code_id)\n"
    _put(monkeypatch, _WANTED_CODES, behind)


def _put(monkeypatch: pytest.MonkeyPatch, place: str, behind: str) -> None:
    for sent in (*orders._ON_NODES.values(), holds._HOLD_ON_NODE, holds._RELEASE_ON_NODE):
        monkeypatch.setattr(sent, "statement", sent.statement.replace(place, behind))


async def lose_to(database: Database, write: Write, happen: Callable[[], Awaitable[None]]) -> None:
    """Let something happen while the statement waits at the gate: the statement writes nothing."""
    async with database.read() as late:
        async with database.write() as closed:
            await closed.execute("SELECT pg_advisory_xact_lock($1)", _GATE)
            losing = asyncio.ensure_future(write(late))
            # PostgreSQL does not report that a statement begins to wait.
            while not losing.done() and not await closed.fetchval(_IS_WAITING):  # noqa: ASYNC110
                await asyncio.sleep(0.002)
            await happen()
        with pytest.raises(OrderRaceLost):
            await losing
