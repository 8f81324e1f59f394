"""What a run measures on: a database full of shops, and their users' tokens."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.loading import (
    finish_loading,
    fold_counts,
    loading_much,
    open_loader,
    write_cart_promotions,
    write_counts,
    write_shop,
)
from bench.machine import Cores, freed, pinned
from bench.servers import SECRET_KEY, find_postmaster
from bench.shop import Shop, Size, make_plain_shop, make_shop
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from sconto.store.embedded import hold_server
from sconto.store.migrate import migrate

SEED: Final = "sconto bench 1"
COUPONS: Final = 64
USUAL: Final = Size("100 promotions", 100, 100)
"""The size of the shop that most measures use."""

MANY_CART_PROMOTIONS: Final = "many cart promotions"
"""A shop like the usual one, with very many cart promotions besides, each with its code."""

STATISTICS: Final = {"1,000": 1_000, "10,000,000": 10_000_000}
"""Redemptions of a promotion, by their name in the table."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run measures on, and for how long; `by_promotions` is sorted by size."""

    by_promotions: tuple[Size, ...]
    by_codes: tuple[Size, ...]
    rounds: int
    seconds: float
    many_codes: int
    """Codes of a promotion that is created and changed with JSON."""
    file_codes: int
    files: int
    """The number of files."""
    cart_promotions: int
    """Cart promotions with a code each, of one merchant."""
    scripted: int
    """Promotions that a script creates."""
    crowd: int
    """Merchants with small shops."""
    crowd_quotes: int
    peer: bool


FULL: Final = Plan(
    by_promotions=tuple(
        Size(f"{number:,} promotions", number, number)
        for number in (10, 100, 1_000, 10_000, 1_000_000)
    ),
    by_codes=(Size("1,000 codes", 100, 1_000), Size("10,000,000 codes", 100, 10_000_000)),
    rounds=5,
    seconds=0.8,
    many_codes=100_000,
    file_codes=1_000_000,
    files=1,
    cart_promotions=1_000_000,
    scripted=1_000,
    crowd=10_000,
    crowd_quotes=1_000_000,
    peer=True,
)
QUICK: Final = Plan(
    by_promotions=(
        USUAL,
        Size("10,000 promotions", 10_000, 10_000),
    ),
    by_codes=(Size("1,000 codes", 100, 1_000),),
    rounds=3,
    seconds=0.7,
    many_codes=10_000,
    file_codes=50_000,
    files=2,
    cart_promotions=10_000,
    scripted=100,
    crowd=10_000,
    crowd_quotes=100_000,
    peer=False,
)


@dataclass(slots=True)
class Stage:
    """A loaded database, and its shops by the name of their size."""

    url: str
    cores: Cores
    plan: Plan
    postgresql: str = ""
    fewer_rounds_at: float = math.inf
    """When, by the monotonic clock, the run has taken so long that the rest must be short."""
    shops: dict[str, Shop] = field(default_factory=dict)
    _tokens: Tokens = field(default_factory=lambda: Tokens(SECRET_KEY.encode()))

    @property
    def usual(self) -> Shop:
        """The shop that most measures use."""
        return self.shops[USUAL.name]

    @property
    def plain(self) -> Shop:
        """The shop with coupons only; the last of them are those of the statistics."""
        return self.shops["coupons only"]

    def token(self, shop: Shop) -> str:
        """The token of the shop's user."""
        return self.token_of(shop.merchant_id)

    def token_of(self, merchant_id: int) -> str:
        """The token of the user of a merchant; both have the same id."""
        caller = Caller(merchant_id, merchant_id, Role.ADMIN)
        return self._tokens.issue(caller, datetime.now(UTC))


@asynccontextmanager
async def set_stage(folder: Path, cores: Cores, plan: Plan) -> AsyncIterator[Stage]:
    """A database server on its own cores, with everything that the plan needs."""
    with pinned(cores.database), hold_server(folder) as url:
        stage = Stage(url, cores, plan)
        migrate(url)
        with pinned(cores.service):
            await _load(stage)
        yield stage


async def _load(stage: Stage) -> None:
    connection = await open_loader(stage.url)
    try:
        stage.postgresql = str(await connection.fetchval("SHOW server_version")).split()[0]
        first = _make_shops(stage)
        with freed(await find_postmaster(stage.url), stage.cores.every):
            async with loading_much(connection, stage.url):
                await _write_shops(stage)
            plain = make_plain_shop(len(stage.shops) + 1, COUPONS + len(STATISTICS), first)
            stage.shops[plain.size.name] = plain
            await write_shop(connection, plain)
        for coupon, redemptions in zip(plain.coupons[COUPONS:], STATISTICS.values(), strict=True):
            await write_counts(connection, coupon, plain.merchant_id, redemptions, slots=16)
        await fold_counts(stage.url)
        await finish_loading(connection)
    finally:
        await connection.close()


def _make_shops(stage: Stage) -> int:
    """Make the large shops; returns the first promotion id that is free."""
    now, first = datetime.now(UTC).replace(microsecond=0), 1
    many = replace(USUAL, name=MANY_CART_PROMOTIONS)
    for size in (*stage.plan.by_promotions, *stage.plan.by_codes, many):
        stage.shops[size.name] = make_shop(len(stage.shops) + 1, size, first, SEED, now)
        first += size.promotions
    return first + stage.plan.cart_promotions


async def _write_shops(stage: Stage) -> None:
    """Write them, those with many codes at the same time: both cores are free."""
    plan = stage.plan
    async with asyncio.TaskGroup() as tasks:
        for names in (
            [size.name for size in plan.by_codes],
            [*(size.name for size in plan.by_promotions), MANY_CART_PROMOTIONS],
        ):
            tasks.create_task(_write(stage, names))


async def _write(stage: Stage, names: Sequence[str]) -> None:
    connection = await open_loader(stage.url)
    try:
        for name in names:
            started, shop = time.perf_counter(), stage.shops[name]
            await write_shop(connection, shop)
            if name == MANY_CART_PROMOTIONS:
                ids = [one.promotion_id for one in shop.discounts]
                ids += [one.promotion_id for one in shop.coupons]
                first = max(ids) + 1
                number = stage.plan.cart_promotions
                await write_cart_promotions(connection, shop.merchant_id, first, number)
            print(f"{name}: written in {time.perf_counter() - started:.1f} s", flush=True)
    finally:
        await connection.close()
