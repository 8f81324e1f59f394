"""`python -m bench [--quick]`: everything that is measured, one after the other."""

import argparse
import time
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from bench.figures import Figure
from bench.machine import describe_machine, divide_cores, pinned
from bench.measures.growth import measure_growth, warm_up
from bench.measures.orders import measure_orders
from bench.measures.quotes import measure_quotes
from bench.measures.rules import measure_rules
from bench.measures.service import measure_memory, measure_start, measure_workers
from bench.report import write_results, write_table
from bench.servers import serve_sconto
from bench.stage import FULL, QUICK, Plan, Stage, set_stage


async def run(plan: Plan, name: str) -> None:
    """Measure by the plan, print the table, and write the results under the name."""
    started = time.monotonic()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="sconto-bench-"))
        stage = await stack.enter_async_context(set_stage(Path(folder), divide_cores(), plan))
        stack.enter_context(pinned(stage.cores.load))
        figures = await _measure(stage)
    machine = describe_machine(stage.postgresql)
    write_results(name, figures, machine)
    print(write_table(figures, machine))
    print(f"{time.monotonic() - started:.0f} s")


async def _measure(stage: Stage) -> list[Figure]:
    figures = measure_rules(stage.plan.rounds)
    async with serve_sconto(stage.url, stage.cores.service) as server:
        await warm_up(stage, server)
        for measure in (measure_quotes, measure_orders, measure_growth):
            print(f"{measure.__name__} ...", flush=True)
            figures += await measure(stage, server)
        figures += measure_memory(server)
    return [*figures, *await measure_start(stage), *await measure_workers(stage)]


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute instead of ten")
    quick = parser.parse_args().quick
    uvloop.run(run(QUICK if quick else FULL, "quick" if quick else "results"))


if __name__ == "__main__":
    main()
