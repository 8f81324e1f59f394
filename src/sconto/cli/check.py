"""`sconto check`: whether what a database holds can all be true."""

from typing import Final

import typer

from sconto.cli.database import ask_database
from sconto.domain.promise import CheckedPromise
from sconto.operations import Database
from sconto.operations.check import check as compare

_FAILED: Final = 1


def check() -> None:
    """Compare orders, redemptions, counters, codes and timelines with each other; changes nothing.

    Ends with 1 where something contradicts something else, and names the first such records.
    """
    if not ask_database(_check):
        raise typer.Exit(_FAILED)


async def _check(database: Database) -> bool:
    """Whether every promise is kept."""
    kept = True
    async for checked in compare(database):
        show_checked(checked)
        kept = kept and not checked.violations
    return kept


def show_checked(checked: CheckedPromise) -> None:
    """Print a promise with what breaks it."""
    typer.echo(f"{'BROKEN' if checked.violations else 'held':6}  {checked.promise}")
    for violation in checked.violations:
        typer.echo(f"        merchant {violation.merchant_id}: {violation.words}")
