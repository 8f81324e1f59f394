"""Quotes a second beside a bare application, as promotions and codes grow, and at half load."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.carts import Basket, ask_bare, ask_quotes, fill_baskets
from bench.edits import Edits
from bench.figures import Figure, Goal, compared, figure
from bench.load import Load, Run, Shot, ask
from bench.machine import cpu_seconds
from bench.servers import Server, serve_bare
from bench.shop import Shop
from bench.stage import SEED, Stage

CLIENTS = 16
_BARE = "bare app"
_SELECT = "bare app with one SELECT"


@dataclass(slots=True)
class _Contender:
    """A server with its requests, and what each round found."""

    server: Server
    shots: Iterator[Shot]
    rates: list[float] = field(default_factory=list)
    microseconds: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    async def saturate(self, seconds: float) -> None:
        before = cpu_seconds(self.server.pid)
        run = await Load(self.server.port).saturate(self.shots, CLIENTS, seconds)
        self.rates.append(run.rate)
        self.microseconds.append(_cpu_each(run, cpu_seconds(self.server.pid) - before))

    async def pace(self, rate: float, seconds: float) -> None:
        run = await Load(self.server.port).pace(self.shots, rate, 4 * CLIENTS, seconds)
        self.p99.append(run.percentile(0.99) * 1000)


async def measure_quotes(stage: Stage, server: Server) -> list[Figure]:
    """Everything about quotes; a promotion of each shop is edited every second all the while."""
    baskets = {name: fill_baskets(shop, SEED) for name, shop in _shops(stage).items()}
    async with AsyncExitStack() as stack:
        contenders, edits = {}, []
        for name, shop in _shops(stage).items():
            token = stage.token(shop)
            edit = Edits(server.port, token)
            await edit.create()
            await stack.enter_async_context(edit.going_on())
            contenders[name] = _Contender(server, ask_quotes(baskets[name], token, edit))
            edits.append(edit)
        usual = stage.usual.size.name
        bare = await stack.enter_async_context(_bare_beside(stage, server, baskets[usual]))
        for name, path in ((_BARE, "/answer"), (_SELECT, "/select")):
            shots = ask_bare(baskets[usual], path, stage.token(stage.usual))
            contenders[name] = _Contender(bare, shots)
        await _take_turns(stage, contenders)
        await _pace_in_turns(stage, contenders[usual], contenders[_SELECT])
    return [
        *_rates(contenders, usual),
        *_growth(stage, contenders),
        _tail(contenders[usual], contenders[_SELECT]),
        figure(
            "quotes compared with a promotion edited every second",
            "quotes, none stale",
            [sum(edit.checked for edit in edits)],
            Goal(">=", 1),
            note=f"{sum(edit.made for edit in edits)} edits",
        ),
    ]


async def _take_turns(stage: Stage, contenders: dict[str, _Contender]) -> None:
    for contender in contenders.values():
        await contender.saturate(0.5)
        contender.rates.clear()
        contender.microseconds.clear()
    for _ in range(stage.plan.rounds):
        for contender in contenders.values():
            await contender.saturate(stage.plan.seconds)


async def _pace_in_turns(stage: Stage, sconto: _Contender, bare: _Contender) -> None:
    """Each at half of the rate that Sconto reached, so that the database works alike."""
    rate = min(sconto.rates) / 2
    for _ in range(stage.plan.rounds):
        for contender in (sconto, bare):
            await contender.pace(rate, stage.plan.seconds)


def _rates(contenders: dict[str, _Contender], usual: str) -> list[Figure]:
    sconto, bare, limit = contenders[usual], contenders[_BARE], contenders[_SELECT]
    return [
        figure("bare app, no SELECT", "requests/s", bare.rates),
        compared(
            "quotes: 5 lines, 1 code, 100 promotions",
            "requests/s",
            sconto.rates,
            (_SELECT, limit.rates),
            Goal(">=", 0.6),
        ),
        compared(
            "the same: CPU of the server",
            "µs/request",
            sconto.microseconds,
            (_SELECT, limit.microseconds),
        ),
    ]


def _growth(stage: Stage, contenders: dict[str, _Contender]) -> Iterator[Figure]:
    plan = stage.plan
    for kind, sizes in (("promotions", plan.by_promotions), ("codes", plan.by_codes)):
        group = [contenders[size.name] for size in sizes]
        best = [max(rates) for rates in zip(*(one.rates for one in group), strict=True)]
        goal = Goal(">=", 0.9)
        for size, contender in zip(sizes, group, strict=True):
            limit = (f"the fastest of {kind}", best)
            yield compared(f"quotes: {size.name}", "requests/s", contender.rates, limit, goal)


def _tail(sconto: _Contender, bare: _Contender) -> Figure:
    return compared(
        "p99 of a quote at half load", "ms", sconto.p99, (_SELECT, bare.p99), Goal("<=", 3)
    )


@asynccontextmanager
async def _bare_beside(
    stage: Stage, server: Server, baskets: list[Basket]
) -> AsyncIterator[Server]:
    """The bare application, answering what Sconto answers to one of the carts."""
    shop = stage.usual
    _, answer = await ask(server.port, next(ask_quotes(baskets, stage.token(shop))).request)
    with tempfile.NamedTemporaryFile() as file:
        file.write(answer)
        file.flush()
        path = Path(file.name)
        async with serve_bare(stage.url, stage.cores.service, path, shop.merchant_id) as bare:
            yield bare


def _shops(stage: Stage) -> dict[str, Shop]:
    sizes = (*stage.plan.by_promotions, *stage.plan.by_codes)
    return {size.name: stage.shops[size.name] for size in sizes}


def _cpu_each(run: Run, seconds: float) -> float:
    return seconds / len(run.latencies) * 1_000_000
