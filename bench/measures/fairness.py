"""What a merchant's flood of requests does to the time that another merchant's shopper waits."""

import asyncio
from collections.abc import Iterator

from bench.carts import ask_quotes, fill_baskets, place_orders
from bench.contenders import CLIENTS
from bench.figures import Figure, Goal, compared
from bench.load import Load, LoadRequest
from bench.servers import Server
from bench.stage import SEED, Stage

_CARTS = 3_000


async def measure_fairness(stage: Stage, server: Server) -> list[Figure]:
    """The p99 of one caller's quotes, alone and during another merchant's flood."""
    other = stage.shops[stage.plan.by_promotions[-1].name]
    asked = ask_quotes(fill_baskets(other, SEED, _CARTS), stage.token(other))
    baskets, token = fill_baskets(stage.usual, SEED, _CARTS), stage.token(stage.usual)
    return [
        await _beside(stage, server, asked, "quotes", ask_quotes(baskets, token)),
        await _beside(stage, server, asked, "orders", place_orders(baskets, token, "flood")),
    ]


async def _beside(
    stage: Stage,
    server: Server,
    asked: Iterator[LoadRequest],
    what: str,
    flood: Iterator[LoadRequest],
) -> Figure:
    port, seconds = server.port, stage.plan.seconds
    alone, flooded = [], []
    for requests in (asked, flood):
        await Load(port).saturate(requests, 1, 0.5)
    for _ in range(stage.plan.rounds):
        run = await Load(port).saturate(asked, 1, seconds)
        alone.append(1000 * run.percentile(0.99))
        flooding = asyncio.create_task(Load(port).saturate(flood, CLIENTS, seconds + 0.5))
        await asyncio.sleep(0.25)
        run = await Load(port).saturate(asked, 1, seconds)
        flooded.append(1000 * run.percentile(0.99))
        await flooding
    return compared(
        f"p99 of a quote during another merchant's flood of {what}, {CLIENTS} clients",
        "ms",
        flooded,
        ("alone", alone),
        Goal("<=", 2),
    )
