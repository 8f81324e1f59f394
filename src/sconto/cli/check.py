"""`sconto check`: whether the database's records agree with each other."""

from typing import Final

import typer

from sconto.cli.database import ask_database
from sconto.domain.code_timeline import EXPIRED, INACTIVE, NOT_STARTED, USABLE
from sconto.domain.promise import CheckedPromise, TimelineViolation, Violation
from sconto.operations import Database
from sconto.operations.check import check as compare
from sconto.store.node_watch import find_detours
from sconto.store.session import find_node_faults

_BROKEN: Final = 1

_STATES: Final = {
    USABLE: "usable",
    EXPIRED: "expired",
    NOT_STARTED: "not started",
    INACTIVE: "inactive",
}
"""What a timeline of a code is about if it is about no product."""


def check() -> None:
    """Check that the database's records agree with each other.

    Compares orders, redemptions, counters, codes and timelines, and changes nothing. Ends with
    status 1 if records contradict each other, and names the first of them.
    """
    if not ask_database(_check):
        raise typer.Exit(_BROKEN)


async def _check(database: Database) -> bool:
    """Whether every promise is kept."""
    async with database.read() as connection:
        for fault in await find_node_faults(connection):
            typer.echo(f"sconto: {fault} (see Citus in docs/scale.md)", err=True)
    for detour in await find_detours(database):
        typer.echo(f"sconto: {detour} (see Citus in docs/scale.md)", err=True)
    kept = True
    async for checked in compare(database):
        show_checked(checked)
        kept = kept and not checked.violations
    return kept


def show_checked(checked: CheckedPromise) -> None:
    """Print a promise and the records that break it."""
    typer.echo(f"{'BROKEN' if checked.violations else 'held':6}  {checked.promise}")
    for violation in checked.violations:
        typer.echo(f"        merchant {violation.merchant_id}: {_say(violation)}")


def _say(violation: Violation | TimelineViolation) -> str:
    if isinstance(violation, Violation):
        return violation.words
    mistake = violation.mistake
    shown = ", ".join(map(str, mistake.shown)) or "none"
    return (
        f"the timeline of {_name(violation)} shows promotion {shown} at {mistake.at.isoformat()},"
        f" and should show {mistake.expected or 'none'}"
    )


def _name(violation: TimelineViolation) -> str:
    """Which timeline it is."""
    subject = f"product {violation.product_id}" if violation.product_id else "all products"
    if violation.code is None:
        return subject
    rule = "the highest percent" if violation.by_percent else "the latest created"
    subject = _STATES.get(violation.product_id, f"{subject}, {rule}")
    return f"code {violation.code!r}, {subject},"
