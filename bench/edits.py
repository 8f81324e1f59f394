"""A promotion that is edited every second during quotes, and the check that quotes see it.

Each edit raises the percent a little, so that an answer shows which edit it has seen. A quote that
was sent after the answer to an edit must have seen that edit, and no edit that was not sent yet.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from bench.load import Unanswered, ask, write_request

_PRODUCTS: Final = range(2, 42, 2)
_PERCENT: Final = 80
_SHOWN: Final = re.compile(rb'"discount_percent":"80(?:\.(\d{1,6}))?"')
_INTERVAL: Final = 1.0


class StaleQuote(Exception):
    """A quote showed an older price than that of the last edit answered before it was sent."""


class Edits:
    """The edited promotion of one shop."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self._sent = 0
        self._confirmed = 0
        self.checked = 0
        """How many quotes were checked."""

    @property
    def made(self) -> int:
        """How many edits were answered."""
        return self._confirmed

    @staticmethod
    def covers(product_id: int) -> bool:
        """Whether the promotion covers the product. Where it does, it is the best one."""
        return product_id in _PRODUCTS

    def checker(self) -> Callable[[bytes], None]:
        """The check for the answer to a quote that is sent now."""
        confirmed = self._confirmed

        def check(answer: bytes) -> None:
            shown = _SHOWN.search(answer)
            edit = int((shown[1] or b"0").ljust(6, b"0")) if shown else -1
            if not confirmed <= edit <= self._sent:
                raise StaleQuote(f"edit {edit} shown, {confirmed} to {self._sent} expected")
            self.checked += 1

        return check

    async def create(self) -> None:
        """Create the promotion on a few products, as the latest and with the highest percent."""
        body = {"promotion_type": "discount", "promotion_name": "Edited every second"}
        self._path = "/v1/promotion"
        created = await self._send("POST", {**body, **self._terms()})
        self._path = f"/v1/promotion/{created['id']}"

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Edit the promotion every second until the block ends."""
        task = asyncio.create_task(self._edit())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def begin(self) -> None:
        """Note that the next edit is about to be sent."""
        self._sent += 1

    def confirm(self) -> None:
        """Note that the last edit was answered."""
        self._confirmed = self._sent

    async def _edit(self) -> None:
        while True:
            self.begin()
            body = {"promotion_type": "discount", **self._terms()}
            await asyncio.shield(self._send("PATCH", body))
            self.confirm()
            await asyncio.sleep(_INTERVAL)

    def _terms(self) -> dict[str, object]:
        percent = f"{_PERCENT}.{self._sent:06d}"
        return {"discounts": {"discount_percent": percent, "product_id": list(_PRODUCTS)}}

    async def _send(self, method: str, body: dict[str, object]) -> dict[str, int]:
        request = write_request(method, self._path, self._token, json.dumps(body).encode())
        status, answer = await ask(self._port, request)
        if status != 200:
            raise Unanswered(answer.decode())
        sent: dict[str, int] = json.loads(answer)
        return sent
