"""Sends messages; the client is imported for the first one."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from sconto.domain.receiver_address import ReceiverRules
from sconto.domain.webhooks import AttemptResult, Message

if TYPE_CHECKING:
    from sconto.api.sending.client import ReceiverClient


class Sender:
    """Sends the messages of one process."""

    def __init__(self, rules: ReceiverRules, seconds: float) -> None:
        self.rules = rules
        self.seconds = seconds
        self._client: ReceiverClient | None = None
        self._opening = asyncio.Lock()

    async def send(self, message: Message, sent_at: datetime) -> AttemptResult:
        """Send a message. Whatever goes wrong is in the answer."""
        async with self._opening:
            if self._client is None:
                make = await asyncio.to_thread(_import_client)
                self._client = make(self.rules, self.seconds)
        return await self._client.send(message, sent_at)

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.close()


def _import_client() -> "type[ReceiverClient]":
    # It takes as long as the rest of the start, and most services have no webhook.
    from sconto.api.sending.client import ReceiverClient  # noqa: PLC0415

    return ReceiverClient
