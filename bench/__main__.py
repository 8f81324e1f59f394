"""`python -m bench`: runs the measures one after the other, or compares two versions."""

import argparse
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import uvloop

from bench.changes import write_changes
from bench.compare import COMPARED, USUALLY, compare
from bench.figures import Figure
from bench.machine import Cores, describe_machine, divide_cores, pinned
from bench.measures.backtests import measure_backtests
from bench.measures.cart_promotions import measure_cart_promotions
from bench.measures.cart_sizes import measure_cart_sizes
from bench.measures.codes import measure_codes
from bench.measures.crowds import measure_crowds
from bench.measures.fairness import measure_fairness
from bench.measures.growth import measure_growth, warm_up
from bench.measures.orders import measure_orders
from bench.measures.peer import measure_peer
from bench.measures.quotes import measure_quotes
from bench.measures.rules import measure_rules
from bench.measures.scripts import measure_scripts
from bench.measures.service import measure_memory, measure_start
from bench.measures.sharing import measure_sharing
from bench.measures.subscriptions import measure_subscriptions
from bench.measures.workers import measure_workers
from bench.report import write_results, write_table
from bench.servers import Server, serve_sconto
from bench.stage import FULL, QUICK, Plan, Stage, set_stage
from bench.versions import NoVersion

_Measure = Callable[[Stage, Server], Awaitable[list[Figure]]]

# In this order, on one worker. Memory is last: it is that of a worker after all other measures.
MEASURES: Final[Mapping[str, _Measure]] = {
    "quotes": measure_quotes,
    "peer": measure_peer,
    "orders": measure_orders,
    "fairness": measure_fairness,
    "growth": measure_growth,
    "scripts": measure_scripts,
    "sharing": measure_sharing,
    "codes": measure_codes,
    "subscriptions": measure_subscriptions,
    "cart": measure_cart_promotions,
    "sizes": measure_cart_sizes,
    "backtests": measure_backtests,
    "start": measure_start,
    "workers": measure_workers,
    "memory": measure_memory,
}

LONG: Final[Mapping[str, _Measure]] = {"crowds": measure_crowds}
"""Measures of more than a minute, which run only if they are named."""


_FEWER_ROUNDS_AFTER: Final = 180.0
"""Seconds after which the remaining measures have fewer rounds, so that a slow or busy machine also
needs hardly more than six minutes."""

_FEWER_ROUNDS: Final = 3


async def run(plan: Plan, measures: Sequence[str]) -> tuple[list[Figure], dict[str, str]]:
    """The figures of the plan's measures, and the machine. The rules come first, in quiet."""
    begun = time.monotonic()
    cores = divide_cores()
    figures = _measure_rules(plan, cores)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="sconto-bench-"))
        stage = await stack.enter_async_context(set_stage(Path(folder), cores, plan))
        stack.enter_context(pinned(cores.load))
        server = await stack.enter_async_context(serve_sconto(stage.url, cores.service))
        await warm_up(stage, server)
        for name in measures:
            started = time.monotonic()
            if started - begun > _FEWER_ROUNDS_AFTER:
                stage.plan = replace(plan, rounds=min(plan.rounds, _FEWER_ROUNDS))
            figures += await {**MEASURES, **LONG}[name](stage, server)
            print(f"{name}: measured in {time.monotonic() - started:.0f} s", flush=True)
    return figures, describe_machine(stage.postgresql)


def _measure_rules(plan: Plan, cores: Cores) -> list[Figure]:
    with pinned(cores.service):
        return measure_rules(plan.rounds)


def main() -> None:
    """Read the command line, run, print the table, and write the results of a whole run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute instead of six")
    parser.add_argument(
        "--compare",
        metavar="REV",
        help="what changed since this revision of Git, in processor time a request",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="MEASURE",
        help=f"some of {', '.join([*MEASURES, *LONG])}; no results are written. "
        f"With --compare: some of {', '.join(COMPARED)}",
    )
    arguments = parser.parse_args()
    known = {**MEASURES, **LONG} if arguments.compare is None else COMPARED
    for name in arguments.only or ():
        if name not in known:
            parser.error(f"--only {name}: expected some of {', '.join(known)}")
    if arguments.compare is not None:
        sys.exit(_compare(parser, arguments.compare, arguments.only or USUALLY))
    _measure(arguments.only, quick=arguments.quick)


def _measure(only: Sequence[str] | None, *, quick: bool) -> None:
    started = time.monotonic()
    figures, machine = uvloop.run(run(QUICK if quick else FULL, only or list(MEASURES)))
    print(write_table(figures, machine))
    print(f"{time.monotonic() - started:.0f} s")
    if not only:
        write_results("quick" if quick else "results", figures, machine)


def _compare(parser: argparse.ArgumentParser, revision: str, kinds: Sequence[str]) -> int:
    """Print what changed since the revision; 1 if something is a regression."""
    try:
        changes = uvloop.run(compare(revision, kinds))
    except NoVersion as fault:
        parser.error(str(fault))
    print(write_changes(changes))
    return 1 if any(change.is_regression for change in changes) else 0


if __name__ == "__main__":
    main()
