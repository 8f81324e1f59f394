"""`sconto export`: orders, redemptions, returns and codes as files."""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Final

import typer

from sconto.cli.database import ask_database
from sconto.cli.options import read_time
from sconto.cli.outputs import writing
from sconto.cli.refusals import CommandRefused
from sconto.domain.codes import code_key
from sconto.domain.exports import FILTERS, ExportFilter, ExportKind, FileFormat, Row
from sconto.domain.order import OrderStatus
from sconto.domain.people import command_line_caller
from sconto.operations import Database, people
from sconto.operations.export_files import open_file, write_file
from sconto.operations.exports import export_rows
from sconto.operations.turns import short_turns

_OPTIONS: Final[Mapping[str, str]] = {
    "since": "--from",
    "until": "--until",
    "status": "--status",
    "customer_id": "--customer",
    "promotion_id": "--promotion",
    "code_key": "--code",
    "used": "--used",
}


def export(  # noqa: PLR0913 - one option for each condition
    kind: Annotated[ExportKind, typer.Argument(help="What to export.")],
    *,
    merchant: Annotated[str, typer.Option(help="The merchant's name.")],
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="How to write it.")
    ] = FileFormat.CSV,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file to write; without it, standard output."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="Those from this time on (UTC)."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Those before this time (UTC).")
    ] = None,
    status: Annotated[OrderStatus | None, typer.Option(help="Orders with this status.")] = None,
    customer: Annotated[str | None, typer.Option(help="Those of this customer.")] = None,
    promotion: Annotated[
        int | None, typer.Option(min=1, help="What this promotion is part of; its codes.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="Orders that redeemed this code.")] = None,
    used: Annotated[
        bool | None, typer.Option("--used/--free", help="Codes that are used up, or are not.")
    ] = None,
) -> None:
    """Write orders, redemptions, returns or codes as a file.

    A CSV file is for people, so it begins with a byte order mark, and no text in it is a formula.
    Standard output is for programs: texts are as they are.
    """
    key = None if code is None else code_key(code)
    if code is not None and key is None:
        raise CommandRefused(f"--code {code}: no code is like that")
    wanted = ExportFilter(
        None if since is None else read_time("--from", since),
        None if until is None else read_time("--until", until),
        status,
        customer,
        promotion,
        key,
        used,
    )
    _refuse_unknown(kind, wanted)
    with writing(output):
        rows = ask_database(
            lambda database: _export(database, merchant, kind, file_format, wanted, output)
        )
        if output is not None:
            typer.echo(f"{rows:,} {kind if rows != 1 else kind.removesuffix('s')} written")


def _refuse_unknown(kind: ExportKind, wanted: ExportFilter) -> None:
    for condition, option in _OPTIONS.items():
        if getattr(wanted, condition) is not None and condition not in FILTERS[kind]:
            raise CommandRefused(f"{option} does not go with {kind}")


async def _export(
    database: Database,
    merchant: str,
    kind: ExportKind,
    file_format: FileFormat,
    wanted: ExportFilter,
    output: Path | None,
) -> int:
    caller = command_line_caller(await people.find_merchant(database, merchant))
    written = open_file(kind, file_format, for_people=output is not None)
    count = 0

    async def counted() -> AsyncIterator[Sequence[Row]]:
        nonlocal count
        async for rows in export_rows(database, caller, kind, wanted):
            count += len(rows)
            yield rows

    pieces = await write_file(written, counted(), short_turns(), caller.merchant_id)
    with nullcontext(sys.stdout.buffer) if output is None else output.open("wb") as file:
        async for piece in pieces:
            file.write(piece)
        file.flush()
    return count
