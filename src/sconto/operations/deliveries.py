"""Sending events to webhooks: at least once, in order for an object; no webhook delays another.

Why not a queue from a library: procrastinate and PgQueuer claim jobs with SKIP LOCKED, like this
module. But neither keeps the order of the jobs of an object across retries without stopping at the
first failure. Neither limits the requests of one receiver without a worker for each. Both need a
connection of their own with LISTEN, which a pooler in transaction mode does not give. Their tables
have no merchant in their keys, so they could not be distributed. And what takes work here, pauses
by receiver, dead letters and replay, would still be ours.
"""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from sconto.domain.events import TEST_TYPE, payload_of
from sconto.domain.people import Caller
from sconto.domain.problems import WebhookNotFound
from sconto.domain.webhooks import (
    GONE,
    NOT_KEPT,
    PAUSED_FROM,
    Attempt,
    AttemptResult,
    DeliveryDetails,
    DeliveryOutcome,
    DeliveryState,
    DisabledBecause,
    Message,
    decide_delivery,
    is_given_up,
    pause_after,
    valid_secrets,
)
from sconto.operations.background import keep_running
from sconto.operations.webhooks import get_delivery, test_payload
from sconto.store import deliveries as store
from sconto.store import webhooks
from sconto.store.database import Connection, Database, DatabaseUnavailable, retrying
from sconto.store.delivery_lists import test_id

Send = Callable[[Message, datetime], Awaitable[AttemptResult]]
"""Sends a message, signed as of a time. It never raises, and ends within its own timeout."""

_PER_WEBHOOK: Final = 8
"""The most concurrent requests of a worker to one webhook."""

_MOST: Final = 256
"""The most concurrent requests of a worker."""

_MAX_WEBHOOKS: Final = 1_000
_HURRIED: Final = 10_000
_PAUSE: Final = 1.0
_RECORD_PAUSE: Final = 0.5
_STOP_TIMEOUT: Final = 2.0
"""Seconds that requests get to end when the worker stops."""

_log = logging.getLogger(__name__)


def lease_for(seconds: float) -> timedelta:
    """The lease for requests that take up to this number of seconds."""
    return timedelta(seconds=2 * seconds + 5)


class Deliveries:
    """Sends the deliveries that are due; each worker process has one.

    `lease` is how long a delivery belongs to the worker that claimed it: longer than `send` takes.
    `count` gets the state of the delivery after each attempt.
    """

    def __init__(
        self,
        database: Database,
        send: Send,
        clock: Callable[[], datetime],
        *,
        lease: timedelta,
        count: Callable[[DeliveryState], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._send = send
        self._clock = clock
        self._lease = lease
        self._count = count
        self._running: Counter[tuple[int, int]] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_ending = False

    async def keep_sending(self, *, pause: float = _PAUSE) -> None:
        """Send what is due, repeatedly; ends when cancelled.

        Running requests then get a moment to end. The others are sent again by another worker, when
        their lease is over.
        """
        try:
            await keep_running(self.start_due, "events are not sent to webhooks", pause=pause)
        finally:
            self._is_ending = True
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=_STOP_TIMEOUT)
            for task in self._tasks:
                task.cancel()

    async def send_all(self) -> None:
        """Send what is due now, and what follows it in order; for tests and commands."""
        await self.start_due()
        while self._tasks:
            await asyncio.wait(self._tasks)
            await self.start_due()

    async def start_due(self) -> None:
        """Claim deliveries of all webhooks that have some due, and start sending them."""
        async with self._database.read() as connection:
            due = await store.list_due(connection, self._clock(), _MAX_WEBHOOKS)
        for webhook in due:
            room = min(_PER_WEBHOOK - self._running[webhook], _MOST - len(self._tasks))
            if room > 0:
                for one in await self._claim(webhook, room):
                    self._start(webhook, one)

    async def send_test(self, caller: Caller, webhook_id: int) -> DeliveryDetails:
        """Send a test, and return its result. Raises WebhookNotFound."""
        merchant_id = caller.merchant_id

        async def claim() -> store.ClaimedDelivery | None:
            now = self._clock()
            async with self._database.write(merchant_id) as connection:
                return await store.claim_test(
                    connection,
                    merchant_id,
                    webhook_id,
                    TEST_TYPE,
                    secrets.token_hex(8),
                    now,
                    now + self._lease,
                )

        claimed = await retrying(claim)
        if claimed is None:
            raise WebhookNotFound(webhook_id)
        await self._deliver((merchant_id, webhook_id), claimed)
        return await get_delivery(self._database, caller, webhook_id, claimed.delivery_id)

    async def _claim(self, webhook: tuple[int, int], most: int) -> list[store.ClaimedDelivery]:
        async def claim() -> list[store.ClaimedDelivery]:
            now = self._clock()
            async with self._database.write() as connection:
                return await store.claim(
                    connection, *webhook, now, now + self._lease, most, PAUSED_FROM
                )

        return await retrying(claim)

    def _start(self, webhook: tuple[int, int], claimed: store.ClaimedDelivery) -> None:
        self._running[webhook] += 1
        task = asyncio.create_task(self._deliver_and_go_on(webhook, claimed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver_and_go_on(
        self, webhook: tuple[int, int], claimed: store.ClaimedDelivery
    ) -> None:
        """Send a delivery, and then others of the same webhook as long as some are due."""
        try:
            waiting = [claimed]
            while waiting:
                await self._deliver(webhook, waiting[0])
                waiting = [] if self._is_ending else await self._claim(webhook, 1)
        except DatabaseUnavailable:
            # When its lease ends, a worker that has the database sends it again.
            _log.warning("delivery %s: no database", claimed.delivery_id)
        except Exception:
            _log.exception("delivery %s failed", claimed.delivery_id)
        finally:
            self._running[webhook] -= 1
            if not self._running[webhook]:
                del self._running[webhook]

    async def _deliver(self, webhook: tuple[int, int], claimed: store.ClaimedDelivery) -> None:
        started_at = self._clock()
        message = _message_of(claimed, started_at)
        if message is None:
            answer = AttemptResult(0, failure=NOT_KEPT)
            decision = DeliveryOutcome(DeliveryState.DEAD)
        else:
            answer = await self._send(message, started_at)
            decision = decide_delivery(
                answer,
                claimed.attempts,
                claimed.created_at,
                self._clock(),
                is_test=claimed.is_test,
            )
        attempt = Attempt(
            claimed.attempts,
            started_at,
            answer.milliseconds,
            answer.status,
            answer.failure,
            answer.body,
        )
        await self._record(webhook, claimed, attempt, answer, decision)
        self._count(decision.state)

    async def _record(
        self,
        webhook: tuple[int, int],
        claimed: store.ClaimedDelivery,
        attempt: Attempt,
        answer: AttemptResult,
        decision: DeliveryOutcome,
    ) -> None:
        """Store the result of an attempt; tries again while the lease lasts."""

        async def record() -> None:
            now = self._clock()
            async with self._database.write() as connection:
                # All transactions that write both lock the webhook's row first.
                if not claimed.is_test:
                    await self._note(connection, webhook, answer, now)
                await store.record_attempt(
                    connection, webhook[0], claimed.delivery_id, attempt, decision, now
                )

        while True:
            try:
                return await retrying(record)
            except DatabaseUnavailable:
                if self._clock() > attempt.started_at + self._lease:
                    raise
                await asyncio.sleep(_RECORD_PAUSE)

    async def _note(
        self, connection: Connection, webhook: tuple[int, int], answer: AttemptResult, now: datetime
    ) -> None:
        """Count the success or the failure of the webhook, and act on it."""
        if answer.is_success:
            if await webhooks.count_success(connection, *webhook):
                await store.send_sooner(connection, *webhook, now, _HURRIED)
            return
        failures, since = await webhooks.count_failure(connection, *webhook, now)
        because = None
        if answer.status == GONE:
            because = DisabledBecause.GONE
        elif is_given_up(since, now):
            because = DisabledBecause.FAILING
        if because is not None:
            if await webhooks.disable(connection, *webhook, because, now):
                _log.warning("webhook %s of merchant %s is disabled: %s", *webhook[::-1], because)
            await store.end_deliveries(connection, *webhook, now)
        elif (pause := pause_after(failures, since, now)) is not None:
            await webhooks.pause(connection, *webhook, now + pause)


def _message_of(claimed: store.ClaimedDelivery, now: datetime) -> Message | None:
    """What to send; None for an event that is no longer kept."""
    valid = valid_secrets(claimed.secret, claimed.previous_secret, claimed.previous_until, now)
    if claimed.is_test:
        id_ = test_id(claimed.delivery_id)
        payload = test_payload(id_, claimed.webhook_id, claimed.created_at)
        return Message(claimed.url, id_, payload, valid)
    if claimed.event_id is None or claimed.occurred_at is None:
        return None
    payload = payload_of(claimed.event_id, claimed.type, claimed.occurred_at, claimed.data)
    return Message(claimed.url, claimed.event_id, payload, valid)
