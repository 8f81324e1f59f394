"""A back-test: orders a second of one core, with the processor time of PostgreSQL in it."""

import json
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from uuid import uuid4

from bench.carts import Basket, fill_baskets
from bench.figures import Figure, Goal, figure
from bench.loading import open_loader
from bench.machine import cpu_seconds
from bench.measures.cart_promotions import AUTOMATIC, TEN_OFF, make_automatic, open_shops_beside
from bench.servers import Server, find_postmaster
from bench.shop import Shop
from bench.stage import SEED, Stage
from sconto.api.cart.reading import read_new_promotion
from sconto.api.clock import read_clock
from sconto.domain.backtest.draft import Draft
from sconto.domain.backtest.job import NewBacktest, Result
from sconto.domain.cart import Cart, Line
from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT, parse_amount
from sconto.domain.people import Caller, Role
from sconto.domain.promotion import NewPromotion, PromotionType, Terms
from sconto.domain.schedule import Period
from sconto.operations import cart_promotions
from sconto.operations.backtesting import jobs
from sconto.operations.backtesting.running import run_backtest
from sconto.store.database import Database
from sconto.store.outcomes import encode_request

_ORDERS: Final = 12_000
_PERIOD: Final = timedelta(days=30)


async def measure_backtests(stage: Stage, server: Server) -> list[Figure]:
    """Shops with a hundred product promotions, one of them with cart promotions besides."""
    del server
    plain, mixed = await open_shops_beside(stage, 2)
    end = datetime.now(UTC).replace(microsecond=0)
    database = await Database.open(stage.url)
    try:
        for promotion in make_automatic(Random(SEED)):
            await cart_promotions.create_promotion(
                database, _caller(mixed), read_new_promotion(promotion, end - _PERIOD), end
            )
        for shop in (plain, mixed):
            await write_orders(stage.url, shop, fill_baskets(shop, SEED, _ORDERS), end)
        product = jobs.draft_product_promotion(_seven_percent(end))
        sent = {**TEN_OFF, "limits": {"total": _ORDERS // 3}}
        cart = jobs.draft_cart_promotion(read_new_promotion(sent, end - _PERIOD))
        return [
            await _measure(stage, database, plain, product, end, "a product promotion"),
            await _measure(
                stage,
                database,
                mixed,
                cart,
                end,
                f"a limited cart promotion, with {AUTOMATIC} automatic ones",
            ),
        ]
    finally:
        await database.close()


async def write_orders(url: str, shop: Shop, baskets: Sequence[Basket], end: datetime) -> None:
    """An order of each basket, spread over the period before a time; without their outcomes."""
    connection = await open_loader(url)
    try:
        await connection.copy_records_to_table(
            "orders",
            records=_rows(shop, baskets, end),
            columns=("merchant_id", "order_id", "status", "created_at", "outcome", "request"),
        )
        await connection.execute("ANALYZE orders")
    finally:
        await connection.close()


def _rows(
    shop: Shop, baskets: Sequence[Basket], end: datetime
) -> Iterable[tuple[int, str, str, datetime, str, str]]:
    for number, basket in enumerate(baskets, 1):
        at = end - _PERIOD * number / (len(baskets) + 1)
        request = encode_request(_cart_of(basket))
        yield shop.merchant_id, f"order-{number}", "paid", at, "{}", request


def _cart_of(basket: Basket) -> Cart:
    sent = json.loads(basket.body)
    lines = tuple(
        Line(
            line["line_id"],
            line["product_id"],
            line["quantity"],
            parse_amount(line["unit_price"], "EUR"),
        )
        for line in sent["lines"]
    )
    return Cart(sent["currency"], lines, tuple(sent["codes"]))


def _seven_percent(end: datetime) -> NewPromotion:
    terms = Terms(AllProducts(7 * PERCENT))
    return NewPromotion(PromotionType.DISCOUNT, "Draft", True, Period(end - _PERIOD), terms)


def _caller(shop: Shop) -> Caller:
    return Caller(shop.merchant_id, shop.merchant_id, Role.ADMIN)


async def _measure(
    stage: Stage, database: Database, shop: Shop, draft: Draft, end: datetime, name: str
) -> Figure:
    postmaster = await find_postmaster(stage.url)
    rates, notes = [], ""
    for _ in range(stage.plan.rounds):
        before = time.process_time(), cpu_seconds(postmaster)
        result = await _run(database, shop, draft, end)
        after = time.process_time(), cpu_seconds(postmaster)
        own, of_database = (end_ - start for start, end_ in zip(before, after, strict=True))
        rates.append(result.orders / (own + of_database))
        notes = (
            f"an order takes {own / result.orders * 1e6:.0f} µs of the process and"
            f" {of_database / result.orders * 1e6:.0f} of PostgreSQL;"
            f" {result.changed:,} of {result.orders:,} change"
        )
    return figure(f"back-test of {name}", "orders/s of CPU", rates, Goal(">=", 2_000), notes)


async def _run(database: Database, shop: Shop, draft: Draft, end: datetime) -> Result:
    caller = _caller(shop)
    new = NewBacktest(draft, end - _PERIOD, end, as_if_running=True, zone="UTC")
    job = await jobs.start_backtest(database, caller, new, read_clock())
    # The service looks for back-tests every second or two, and finds this one taken.
    assert await run_backtest(database, shop.merchant_id, job.id, uuid4(), read_clock)
    result = (await jobs.get_backtest(database, caller, job.id)).result
    await jobs.delete_backtest(database, caller, job.id)
    assert result is not None
    return result
