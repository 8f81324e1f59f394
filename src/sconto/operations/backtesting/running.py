"""Computing a back-test: page after page of its orders, with checkpoints."""

import hashlib
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sconto.domain.backtest.draft import CartPromotionDraft, Draft, as_if_running
from sconto.domain.backtest.figures import parse_promotion_key
from sconto.domain.backtest.job import MAX_ATTEMPTS, Checkpoint, NewBacktest, Result, result_of
from sconto.domain.backtest.replay import OrderReplay, RecordedOrder
from sconto.domain.backtest.scenarios import Digest
from sconto.domain.promotion_kind import PromotionKind
from sconto.store import backtest_reads as reads
from sconto.store import backtests as store
from sconto.store.backtest_stock import Stock
from sconto.store.database import Database, retrying

LEASE: Final = timedelta(seconds=30)
"""How long a job is a worker's after its last checkpoint. A killed worker's job waits as long."""

_MAX_DIGESTS: Final = 50_000
_SALT_BYTES: Final = 16

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """How many orders are read together, and how often a checkpoint is saved."""

    orders: int = 200
    checkpoint_every: timedelta = timedelta(seconds=2)


class BacktestLost(Exception):
    """The back-test was cancelled or deleted, or another worker has it."""


async def run_backtest(
    database: Database,
    merchant_id: int,
    backtest_id: int,
    lease: UUID,
    clock: Callable[[], datetime],
    sizes: BatchSizes = BatchSizes(),
) -> bool:
    """Claim a back-test and compute it to its end, from its last checkpoint on.

    Returns False if another worker has it, or it was cancelled. A back-test that was tried several
    times without progress ends as failed.
    """

    async def claim() -> store.ClaimedBacktest | None:
        async with database.write() as connection:
            now = clock()
            return await store.claim_backtest(
                connection, merchant_id, backtest_id, lease, now, now + LEASE
            )

    claimed = await retrying(claim)
    if claimed is None:
        return False
    run = _Run(database, merchant_id, backtest_id, lease, clock)
    try:
        if claimed.attempts > MAX_ATTEMPTS:
            await fail_backtest(database, merchant_id, backtest_id, lease, clock())
            return False
        await run.compute(claimed, sizes)
    except BacktestLost:
        return False
    return True


async def fail_backtest(
    database: Database, merchant_id: int, backtest_id: int, lease: UUID, now: datetime
) -> None:
    """End a back-test as failed, if this worker still has it."""

    async def fail() -> None:
        async with database.write() as connection:
            await store.fail_backtest(connection, merchant_id, backtest_id, lease, now)

    await retrying(fail)


class _Run:
    """A claimed back-test."""

    def __init__(
        self,
        database: Database,
        merchant_id: int,
        backtest_id: int,
        lease: UUID,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._merchant_id = merchant_id
        self._backtest_id = backtest_id
        self._lease = lease
        self._clock = clock

    async def compute(self, claimed: store.ClaimedBacktest, sizes: BatchSizes) -> None:
        """Compute the rest of it. Raises BacktestLost."""
        wanted, draft = claimed.wanted, priced_draft(claimed.wanted)
        async with self._database.read() as connection:
            orders = claimed.orders
            if orders is None:
                orders = await reads.count_orders(
                    connection, self._merchant_id, wanted.since, wanted.until
                )
            version = await reads.read_price_version(connection, self._merchant_id)
            checkpoint = claimed.checkpoint or Checkpoint(
                secrets.token_bytes(_SALT_BYTES), (wanted.since, ""), version
            )
            with_first = _is_for_first_orders(draft) or await reads.has_first_orders(
                connection, self._merchant_id
            )
        await self._save(orders, checkpoint)
        pages = _OrderPages(
            self._database, self._merchant_id, wanted, checkpoint, with_first=with_first
        )
        saved_at = self._clock()
        while await pages.place_next(sizes.orders):
            if self._clock() - saved_at >= sizes.checkpoint_every:
                await self._save(orders, checkpoint)
                saved_at = self._clock()
        result = result_of(checkpoint, draft, await self._names(checkpoint))
        await self._finish(checkpoint.figures.done, result)

    async def _save(self, orders: int, checkpoint: Checkpoint) -> None:
        async def save() -> bool:
            async with self._database.write() as connection:
                return await store.save_checkpoint(
                    connection,
                    self._merchant_id,
                    self._backtest_id,
                    self._lease,
                    orders,
                    checkpoint,
                    self._clock() + LEASE,
                )

        if not await retrying(save):
            raise BacktestLost

    async def _finish(self, done: int, result: Result) -> None:
        async def finish() -> bool:
            async with self._database.write() as connection:
                return await store.finish_backtest(
                    connection,
                    self._merchant_id,
                    self._backtest_id,
                    self._lease,
                    self._clock(),
                    done,
                    result,
                )

        if not await retrying(finish):
            raise BacktestLost

    async def _names(self, checkpoint: Checkpoint) -> dict[str, str]:
        """The names of all promotions in the figures."""
        keys = [parse_promotion_key(key) for key in checkpoint.figures.promotions]
        products = [one for kind, one in keys if kind is not PromotionKind.SUBSCRIPTION]
        subscriptions = [one for kind, one in keys if kind is PromotionKind.SUBSCRIPTION]

        async def read() -> dict[str, str]:
            async with self._database.read() as connection:
                return await reads.read_names(
                    connection, self._merchant_id, products, subscriptions
                )

        return await retrying(read)


class _OrderPages:
    """The orders of a back-test that are still to be placed again, page by page."""

    def __init__(
        self,
        database: Database,
        merchant_id: int,
        wanted: NewBacktest,
        checkpoint: Checkpoint,
        *,
        with_first: bool,
    ) -> None:
        draft = priced_draft(wanted)
        self._database = database
        self._merchant_id = merchant_id
        self._until = wanted.until
        self._with_first = with_first
        self._checkpoint = checkpoint
        self._stock = Stock(merchant_id, draft, wanted.since, wanted.until)
        self._replay = OrderReplay(
            draft,
            checkpoint,
            self._stock.uncovered,
            _digest_with(checkpoint.salt),
            _days_in(wanted.zone),
        )

    async def place_next(self, most: int) -> bool:
        """Place the next orders; False after the last."""
        page, placed = await retrying(lambda: self._read(most))
        for order in placed:
            self._replay.place(order, self._stock.opening)
        checkpoint, figures = self._checkpoint, self._checkpoint.figures
        figures.deleted += sum(one.is_deleted for one in page)
        figures.without_request += sum(one.request is None and not one.is_deleted for one in page)
        if page:
            checkpoint.last = page[-1].placed_at, page[-1].order_id
        return len(page) == most

    async def _read(self, most: int) -> tuple[Sequence[reads.PeriodOrder], list[RecordedOrder]]:
        """The next orders, and those of them that can be placed again."""
        checkpoint = self._checkpoint
        async with self._database.read() as connection:
            version = await reads.read_price_version(connection, self._merchant_id)
            if version != checkpoint.price_version:
                checkpoint.edited = True
            page = await reads.read_orders(
                connection,
                self._merchant_id,
                checkpoint.last,
                self._until,
                most,
                with_first=self._with_first,
            )
            return page, await self._stock.load(connection, version, page)


def priced_draft(wanted: NewBacktest) -> Draft:
    """The draft in the form in which carts are priced with it."""
    return as_if_running(wanted.draft, wanted.since) if wanted.as_if_running else wanted.draft


def _is_for_first_orders(draft: Draft) -> bool:
    return isinstance(draft, CartPromotionDraft) and draft.promotion.terms.conditions.first_order


def _digest_with(salt: bytes) -> Digest:
    """Digests of customers' ids. The salt is deleted with the checkpoint."""

    @lru_cache(_MAX_DIGESTS)
    def digest(customer_id: str) -> str:
        return hashlib.blake2b(customer_id.encode(), digest_size=16, key=salt).hexdigest()

    return digest


def _days_in(zone_name: str) -> Callable[[datetime], date]:
    zone = ZoneInfo(zone_name)
    return lambda at: at.astimezone(zone).date()
