"""What a merchant's flood of requests does to the time that another merchant's shopper waits."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from bench.carts import ask_bare, ask_quotes, fill_baskets, place_orders
from bench.contenders import CLIENTS
from bench.figures import Figure, Goal, compared
from bench.load import Load, LoadRequest
from bench.measures.quotes import ask_one_quote
from bench.servers import Server, serve_bare
from bench.stage import SEED, Stage

_CARTS = 3_000
_OF_FLOOD = 1
"""How many requests of each merchant Sconto serves at a time while several ask."""


@dataclass(slots=True)
class _Neighbours:
    """One caller's requests, and another merchant's flood, on one server.

    The milliseconds are a list for each round, alone and during the flood.
    """

    server: Server
    asked: Iterator[LoadRequest]
    flood: Iterator[LoadRequest]
    clients: int = CLIENTS
    alone: list[float] = field(default_factory=list)
    flooded: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    """How many times as long the median takes during the flood."""
    rates: list[float] = field(default_factory=list)
    """The flood's requests a second."""

    async def warm_up(self) -> None:
        """Let the server see both kinds of requests."""
        for requests in (self.asked, self.flood):
            await Load(self.server.port).saturate(requests, 1, 0.5)

    async def run(self, seconds: float) -> None:
        """A round: the caller alone, and then during the flood."""
        port = self.server.port
        alone = await Load(port).saturate(self.asked, 1, seconds)
        flooding = asyncio.create_task(Load(port).saturate(self.flood, self.clients, seconds + 0.5))
        await asyncio.sleep(0.25)
        flooded = await Load(port).saturate(self.asked, 1, seconds)
        self.alone.append(1000 * alone.percentile(0.99))
        self.flooded.append(1000 * flooded.percentile(0.99))
        self.medians.append(flooded.percentile(0.5) / alone.percentile(0.5))
        self.rates.append((await flooding).rate)


async def measure_fairness(stage: Stage, server: Server) -> list[Figure]:
    """The p99 of one caller's quotes, alone and during another merchant's flood."""
    other = stage.shops[stage.plan.by_promotions[-1].name]
    carts = fill_baskets(other, SEED, _CARTS)
    asked = ask_quotes(carts, stage.token(other))
    baskets, token = fill_baskets(stage.usual, SEED, _CARTS), stage.token(stage.usual)
    answer = await ask_one_quote(stage, server)
    async with serve_bare(
        stage.url, stage.cores.service, answer, stage.usual.merchant_id
    ) as bare_server:
        bare = _Neighbours(
            bare_server,
            ask_bare(carts, "/select", token),
            ask_bare(baskets, "/select", token),
            _OF_FLOOD,
        )
        floods = {
            "quotes": _Neighbours(server, asked, ask_quotes(baskets, token)),
            "orders": _Neighbours(server, asked, place_orders(baskets, token, "flood")),
        }
        for one in (bare, *floods.values()):
            await one.warm_up()
        for _ in range(stage.plan.rounds):
            for one in (bare, *floods.values()):
                await one.run(stage.plan.seconds)
    return [_figure(what, flood, bare) for what, flood in floods.items()]


def _figure(what: str, flood: _Neighbours, bare: _Neighbours) -> Figure:
    of_bare = median(
        flooded / alone for flooded, alone in zip(bare.flooded, bare.alone, strict=True)
    )
    return compared(
        f"p99 of a quote during another merchant's flood of {what}, {CLIENTS} clients",
        "ms",
        flood.flooded,
        ("alone", flood.alone),
        Goal("<=", 2),
        note=f"the median takes {median(flood.medians):.1f} times as long, and the flood makes "
        f"{median(flood.rates):,.0f} requests a second; the bare app's p99 with "
        f"{_OF_FLOOD} more client is {of_bare:.1f} times that alone",
    )
