"""`sconto promotions`: a merchant's promotions as a file."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from sconto.api import promotion_schema
from sconto.api.clock import read_clock
from sconto.cli.database import ask_database
from sconto.cli.groups import command_group
from sconto.cli.promotion_files.code_files import fetch_code_files, move_to_code_files
from sconto.cli.promotion_files.kinds import Kind, all_kinds
from sconto.cli.promotion_files.planning import (
    FileEntry,
    Plan,
    PromotionFileRefused,
    make_plan,
    read_entries,
    write_document,
)
from sconto.cli.promotion_files.showing import show_plan
from sconto.cli.promotion_files.yaml_text import NotYaml, read_yaml, write_yaml
from sconto.cli.refusals import CommandRefused
from sconto.cli.sentences import say_problem
from sconto.domain.people import command_line_caller
from sconto.operations import Database, people
from sconto.operations.promotion_edits import EditDecision, EditRefused, Outcome, edit_together
from sconto.operations.stored_promotions import StoredPromotions, read_promotions
from sconto.settings import Settings

app: Final = command_group("A merchant's promotions as a file.")

_LONGEST_FILE: Final = 64 * 1024 * 1024
_NAMED_FAULTS: Final = 100

File = Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The file of promotions.")]
Merchant = Annotated[str, typer.Option(help="The merchant's name.")]
Prune = Annotated[bool, typer.Option("--prune", help="Delete promotions that the file lacks.")]


class _PlanDiffers(Exception):
    """The plan is not the one whose id was given."""


@app.command("export")
def export(
    merchant: Merchant,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE.yaml", help="The file to write; without it, standard output."),
    ] = None,
    without_ids: Annotated[
        bool,
        typer.Option("--without-ids", help="For another merchant: entries are matched by name."),
    ] = False,
) -> None:
    """Write all promotions of a merchant as YAML.

    Lists of more than 100 codes are written to CSV files in a folder next to the file.
    """
    zone, now = Settings.read().zone, read_clock()
    kinds = all_kinds(zone, now)
    promotions = ask_database(lambda database: _read(database, merchant, now))
    document = write_document(kinds, promotions, with_ids=not without_ids)
    if output is None:
        sys.stdout.write(write_yaml(document))
        return
    files = move_to_code_files(document, kinds, output)
    output.write_text(write_yaml(document), encoding="utf-8")
    count = sum(len(document[kind.section]) for kind in kinds)
    more = f", {files:,} with their codes next to it" if files else ""
    typer.echo(f"{count:,} promotions written{more}")


@app.command("plan")
def plan_file(path: File, merchant: Merchant, prune: Prune = False) -> None:
    """Show what `apply` would change, and which prices. Nothing is written."""
    _run(path, merchant, prune=prune, keep=False)


@app.command("apply")
def apply_file(
    path: File,
    merchant: Merchant,
    prune: Prune = False,
    plan: Annotated[
        str | None, typer.Option(metavar="ID", help="Apply only if the plan is still this one.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Overwrite what users edited since the export.")
    ] = False,
) -> None:
    """Change a merchant's promotions to what the file says, all of it or nothing."""
    outcome = _run(path, merchant, prune=prune, keep=True, wanted=plan, overwrite=overwrite)
    if not outcome.kept:
        raise CommandRefused(
            "nothing was changed, because users edited promotions after the file was exported: "
            "export again, or use --overwrite"
        )
    typer.echo("Applied." if outcome.ids else "Nothing was written.")


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of such files, for editors."""
    typer.echo(promotion_schema.read_text(), nl=False)


def _run(
    path: Path,
    merchant: str,
    *,
    prune: bool,
    keep: bool,
    wanted: str | None = None,
    overwrite: bool = False,
) -> Outcome:
    zone, now = Settings.read().zone, read_clock()
    kinds = all_kinds(zone, now)
    made = Plan()

    def decide(promotions: StoredPromotions) -> EditDecision:
        nonlocal made
        made = make_plan(entries, kinds, promotions, prune=prune)
        if wanted is not None and made.planned and made.fingerprint != wanted:
            raise _PlanDiffers
        return made.decision

    try:
        entries = _read_file(path, kinds)
        outcome = ask_database(
            lambda database: _edit(database, merchant, decide, now, keep=keep, overtake=overwrite)
        )
    except PromotionFileRefused as refused:
        _show_faults(path, refused)
        raise CommandRefused("nothing was changed: the file is not valid") from None
    except _PlanDiffers:
        raise CommandRefused(
            f"nothing was changed: the plan is no longer {wanted} but {made.fingerprint}; "
            "look at it with `sconto promotions plan`"
        ) from None
    except EditRefused as refused:
        said = say_problem(refused.problem)
        raise CommandRefused(
            f"nothing was changed: {made.planned[refused.edit].label}: {said}"
        ) from None
    _show(made, outcome, zone)
    return outcome


def _show(plan: Plan, outcome: Outcome, zone: ZoneInfo) -> None:
    for line in show_plan(plan, outcome, zone):
        typer.echo(line)


def _read_file(path: Path, kinds: tuple[Kind, ...]) -> list[FileEntry]:
    if path.stat().st_size > _LONGEST_FILE:
        raise PromotionFileRefused([f"is larger than {_LONGEST_FILE // 1024 // 1024} MiB"])
    try:
        document: Any = read_yaml(path.read_bytes())
    except NotYaml as error:
        raise PromotionFileRefused([str(error)]) from None
    fetch_code_files(document, kinds, path)
    return read_entries(document, kinds)


def _show_faults(path: Path, refused: PromotionFileRefused) -> None:
    for fault in refused.faults[:_NAMED_FAULTS]:
        typer.echo(f"{path}: {fault}", err=True)
    if (others := len(refused.faults) - _NAMED_FAULTS) > 0:
        typer.echo(f"{path}: and {others:,} more faults", err=True)


async def _read(database: Database, merchant: str, now: datetime) -> StoredPromotions:
    caller = command_line_caller(await people.find_merchant(database, merchant))
    return await read_promotions(database, caller, now)


async def _edit(
    database: Database,
    merchant: str,
    decide: Any,
    now: datetime,
    *,
    keep: bool,
    overtake: bool,
) -> Outcome:
    caller = command_line_caller(await people.find_merchant(database, merchant))
    return await edit_together(database, caller, decide, now, keep=keep, overtake=overtake)
