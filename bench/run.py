"""A run of measures one after the other. One that fails takes nothing from the others."""

import asyncio
import os
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from bench.figures import Figure, Results
from bench.machine import Bystanders, describe_machine, divide_cores, pinned
from bench.measures.growth import warm_up
from bench.measures.rules import measure_rules
from bench.report import say_goals
from bench.servers import Server, find_postmaster, serve_sconto
from bench.stage import Plan, Stage, set_stage

Measure: TypeAlias = Callable[[Stage, Server], Awaitable[list[Figure]]]

LOADING: Final = "loading"
"""The part of a run that makes the database."""

_FEWER_ROUNDS_AFTER: Final = 180.0
"""Seconds after which the remaining measures have fewer rounds, so that a slow or busy machine also
needs hardly more than six minutes."""

_FEWER_ROUNDS: Final = 3


async def run(
    results: Results, plan: Plan, measures: Mapping[str, Measure], longest: float
) -> None:
    """Measure the rules in quiet, load the shops, and measure the rest on one worker.

    A measure that raises, or takes longer than `longest` seconds, is noted as failed. The next one
    has a service that was started again.
    """
    fewer_rounds_at = time.monotonic() + _FEWER_ROUNDS_AFTER
    cores = divide_cores()
    bystanders = Bystanders(cores.every)
    with _part(results, "rules"), pinned(cores.service):
        results.add(measure_rules(plan.rounds))
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(AsyncExitStack())
        with _part(results, LOADING):
            folder = stack.enter_context(TemporaryDirectory(prefix="sconto-bench-"))
            stage = await stack.enter_async_context(set_stage(Path(folder), cores, plan))
            stack.enter_context(pinned(cores.load))
            server = await services.enter_async_context(serve_sconto(stage.url, cores.service))
            await warm_up(stage, server)
        if LOADING in results.failed:
            return

        async def start_again() -> Server:
            await services.aclose()
            return await services.enter_async_context(serve_sconto(stage.url, cores.service))

        stage.fewer_rounds_at = fewer_rounds_at
        await measure_all(results, measures, stage, server, start_again, longest)
        used = bystanders.share_of_cores(os.getpid(), await find_postmaster(stage.url))
        machine = describe_machine(cores, stage.postgresql)
        results.machine = {**machine, "other programs": f"{used:.0%} of the cores"}


async def measure_all(
    results: Results,
    measures: Mapping[str, Measure],
    stage: Stage,
    server: Server,
    start_again: Callable[[], Awaitable[Server]],
    longest: float,
) -> None:
    """Run the measures; `start_again` replaces the service after one that failed."""
    for name, measure in measures.items():
        if time.monotonic() > stage.fewer_rounds_at:
            stage.plan = replace(stage.plan, rounds=min(stage.plan.rounds, _FEWER_ROUNDS))
        with _part(results, name):
            async with asyncio.timeout(longest):
                results.add(await measure(stage, server))
        if name in results.failed:
            server = await start_again()


@contextmanager
def _part(results: Results, name: str) -> Iterator[None]:
    """A part of the run: what it took, and why it failed if it did."""
    started, before = time.monotonic(), len(results.figures)
    try:
        yield
    except Exception as error:
        traceback.print_exception(error)
        results.fail(name, error)
    results.seconds[name] = time.monotonic() - started
    figures = results.figures[before:]
    said = f"failed: {results.failed[name]}" if name in results.failed else say_goals(figures)
    print(f"{name}: {results.seconds[name]:.0f} s; {said}".rstrip("; "), flush=True)
