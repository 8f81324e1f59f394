"""`python -m bench`: runs the measures one after the other, or compares two versions."""

import argparse
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Final

import uvloop

from bench.changes import write_changes
from bench.compare import COMPARED, USUALLY, compare
from bench.documents import write_documents
from bench.figures import Results
from bench.measures.backtests import measure_backtests
from bench.measures.cart_promotions import measure_cart_promotions
from bench.measures.cart_sizes import measure_cart_sizes
from bench.measures.codes import measure_codes
from bench.measures.crowds import measure_crowds
from bench.measures.fairness import measure_fairness
from bench.measures.growth import measure_growth
from bench.measures.orders import measure_orders
from bench.measures.peer import measure_peer
from bench.measures.quotes import measure_quotes
from bench.measures.scripts import measure_scripts
from bench.measures.service import measure_memory, measure_start
from bench.measures.sharing import measure_sharing
from bench.measures.subscriptions import measure_subscriptions
from bench.measures.workers import measure_workers
from bench.report import read_results, write_results, write_table
from bench.run import Measure, run
from bench.stage import FULL, QUICK
from bench.versions import NoVersion

# In this order, on one worker. Memory is last: it is that of a worker after all other measures.
MEASURES: Final[Mapping[str, Measure]] = {
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

LONG: Final[Mapping[str, Measure]] = {"crowds": measure_crowds}
"""Measures of more than a minute, which run only if they are named."""

_LONGEST: Final = 300.0
"""Seconds for a measure; those that run only if they are named have an hour."""


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
    parser.add_argument(
        "--document",
        action="store_true",
        help="measure nothing; write the tables of README.md, docs/scale.md and bench/results"
        " from results.json",
    )
    arguments = parser.parse_args()
    known = {**MEASURES, **LONG} if arguments.compare is None else COMPARED
    for name in arguments.only or ():
        if name not in known:
            parser.error(f"--only {name}: expected some of {', '.join(known)}")
    if arguments.document:
        results = read_results("results")
        write_results("results", results)
        write_documents(results)
        return
    if arguments.compare is not None:
        sys.exit(_compare(parser, arguments.compare, arguments.only or USUALLY))
    sys.exit(_measure(arguments.only, quick=arguments.quick))


def _measure(only: Sequence[str] | None, *, quick: bool) -> int:
    """Print the table, and write the results of a whole run; 1 if a part failed."""
    chosen = {name: {**MEASURES, **LONG}[name] for name in only or MEASURES}
    longest = 3_600 if LONG.keys() & chosen else _LONGEST
    results = Results()
    try:
        uvloop.run(run(results, QUICK if quick else FULL, chosen, longest))
    except KeyboardInterrupt:
        print(write_table(results))
        return 130
    except Exception as error:
        traceback.print_exception(error)
        results.fail("the run", error)
    print(write_table(results))
    if not only:
        write_results("quick" if quick else "results", results)
        if not quick:
            write_documents(results)
    for name, why in results.failed.items():
        print(f"{name} failed: {why}", file=sys.stderr)
    return 1 if results.failed else 0


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
