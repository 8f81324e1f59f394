"""A process that prices carts, and the picks that it reads."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime

from asyncpg.connection import LoggedQuery

from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.operations.checkout import quote
from sconto.store.candidate_statements import READ, READ_FOR_QUOTES
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line


@dataclass
class QuotingProcess:
    """A process with its own pool and cache that prices carts while another one edits."""

    database: Database
    caller: Caller
    _asked: list[list[int]] = field(default_factory=list)

    async def watch(self) -> None:
        async with self.database.read() as connection:
            connection.add_query_logger(self._note)

    async def percents(
        self, *product_ids: int, at: datetime = NOON, caller: Caller | None = None
    ) -> list[list[int]]:
        """For each product, the percents of its picks, the best first."""
        cart = a_cart(*(a_line(number, line_id=str(number)) for number in product_ids))
        priced = await quote(self.database, caller or self.caller, cart, at)
        return [[pick.percent // PERCENT for pick in line.picks] for line in priced.lines]

    async def asked(self) -> list[list[int]]:
        """For each statement since the last call, the products whose picks it read."""
        await asyncio.sleep(0)  # the logger is called a moment after the end of a statement
        asked = self._asked.copy()
        self._asked.clear()
        return asked

    def _note(self, record: LoggedQuery) -> None:
        if record.query in (READ, READ_FOR_QUOTES):
            carts = json.loads(record.args[1])
            self._asked += [cart.get("picks_of", []) for cart in carts]
