"""What a second worker adds to Sconto, and to the bare application on the same cores.

With four cores the second worker has one of PostgreSQL's. With fewer, everything may use every
core: two workers then share the cores with PostgreSQL and the load, so the machine is the limit.
The bare application's second worker and the processor time of all three show how much it limits.
"""

import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

from bench.carts import ask_bare, ask_quotes, fill_baskets
from bench.contenders import Contender, take_turns
from bench.figures import Figure, Goal, compared
from bench.load import Load
from bench.machine import cpu_seconds, freed, pinned
from bench.measures.quotes import ask_one_quote
from bench.servers import Server, find_postmaster, serve_bare, serve_sconto
from bench.stage import SEED, Stage

_CLIENTS = 32


async def measure_workers(stage: Stage, server: Server) -> list[Figure]:
    """Two workers compared with one."""
    postmaster = await find_postmaster(stage.url)
    answer = await ask_one_quote(stage, server)
    merchant_id, token = stage.usual.merchant_id, stage.token(stage.usual)
    baskets = fill_baskets(stage.usual, SEED)
    async with AsyncExitStack() as stack:
        cores = stack.enter_context(_wide(stage, postmaster))
        contenders = []
        for workers in (1, 2):
            sconto = await stack.enter_async_context(serve_sconto(stage.url, cores, workers))
            bare = await stack.enter_async_context(
                serve_bare(stage.url, cores, answer, merchant_id, workers)
            )
            contenders += [
                Contender(sconto, ask_quotes(baskets, token), _CLIENTS),
                Contender(bare, ask_bare(baskets, "/select", token), _CLIENTS),
            ]
        await take_turns(contenders, stage.plan.rounds, stage.plan.seconds)
        note = ""
        if stage.cores.load <= cores:
            seconds = stage.plan.seconds
            note = await _divide_costs(contenders[2], postmaster, seconds, len(cores))
    one, bare_one, two, bare_two = contenders
    return [
        compared(
            "quotes of two workers",
            "requests/s",
            two.rates,
            ("of one", one.rates),
            Goal(">=", 1.7),
            note,
        ),
        compared(
            "bare app with one SELECT, two workers",
            "requests/s",
            bare_two.rates,
            ("of one", bare_one.rates),
        ),
    ]


@contextmanager
def _wide(stage: Stage, postmaster: int) -> Iterator[frozenset[int]]:
    """The cores of two workers: at least two, if the machine has them."""
    cores = stage.cores
    everything = cores.service | cores.database | cores.load
    if len(everything) >= 4:
        yield cores.service | {min(cores.database)}
        return
    with freed(postmaster, everything), pinned(everything):
        yield everything


async def _divide_costs(sconto: Contender, postmaster: int, seconds: float, cores: int) -> str:
    """How the processor time of a quote divides, and how many quotes the cores allow at most."""
    before = (cpu_seconds(sconto.server.pid), cpu_seconds(postmaster), time.process_time())
    run = await Load(sconto.server.port).saturate(sconto.requests, sconto.clients, seconds)
    after = (cpu_seconds(sconto.server.pid), cpu_seconds(postmaster), time.process_time())
    each = [
        (end - start) / len(run.latencies) * 1_000_000
        for start, end in zip(before, after, strict=True)
    ]
    service, database, load = each
    return (
        f"a quote takes {service:.0f} µs of the workers, {database:.0f} of PostgreSQL and"
        f" {load:.0f} of the load: the {cores} cores, which all three share,"
        f" do at most {cores * 1_000_000 / sum(each):,.0f} a second"
    )
