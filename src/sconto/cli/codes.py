"""`sconto code`: imports, exports and generates the codes of a promotion."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer

from sconto.api.clock import read_clock
from sconto.api.merchant.codes_csv import CSV_HEADING, write_csv
from sconto.cli.database import ask_database
from sconto.cli.file_layouts import (
    BlanksOption,
    DelimiterOption,
    DryRun,
    EncodingOption,
    HeadingOption,
    layout_of,
    read_blanks,
    read_column,
)
from sconto.cli.file_opening import open_table
from sconto.cli.file_tables import show_codes, show_refused_codes
from sconto.cli.groups import command_group
from sconto.cli.outputs import writing
from sconto.cli.progress import Readable, show_count, show_reading
from sconto.cli.refusals import CommandRefused
from sconto.domain.code_file import CODE_FIELD
from sconto.domain.code_pattern import ALPHABET, CodePattern, Ending, Generation
from sconto.domain.layout import Layout
from sconto.domain.people import Caller, command_line_caller
from sconto.domain.problems import CodeFileRefused
from sconto.domain.spreadsheet import BYTE_ORDER_MARK
from sconto.operations import Database, code_imports, codes, people
from sconto.operations.code_generation import generate_some, get_generation, start_generation

app: Final = command_group("The codes of a promotion.")

_PIECE: Final = 64 * 1024
_POLL_AFTER: Final = 0.2

Merchant = Annotated[str, typer.Option(help="The merchant's name.")]
Promotion = Annotated[int, typer.Option(min=1, help="The promotion's id.")]


@app.command("import")
def import_file(  # noqa: PLR0913, PLR0917  # options
    path: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The file, as a spreadsheet.")],
    merchant: Merchant,
    promotion: Promotion,
    dry_run: DryRun = False,
    column: Annotated[str | None, typer.Option(help="The column of codes, such as B or 2.")] = None,
    heading: HeadingOption = None,
    blanks: BlanksOption = None,
    encoding: EncodingOption = None,
    delimiter: DelimiterOption = None,
) -> None:
    """Add the codes of a file to a promotion, all of them or none.

    The file has one code per line, or is a spreadsheet's CSV file with a column coupon_code, or one
    that --column names. --dry-run shows the codes, and compares them with no promotion.
    """
    layout = replace(
        layout_of(encoding, delimiter, heading),
        columns={} if column is None else {CODE_FIELD: read_column("--column", column)},
        blanks=read_blanks(blanks),
    )
    try:
        with open_table(path) as file, show_reading(file) as watched:
            if dry_run:
                show_codes(path, _pieces(watched), layout)
                return
            added = ask_database(
                lambda database: _import(database, merchant, promotion, _pieces(watched), layout)
            )
    except OSError as error:
        raise CommandRefused(f"{path} cannot be read: {error.strerror}") from None
    except CodeFileRefused as refused:
        show_refused_codes(path, refused.lines, refused.total)
        raise
    typer.echo(f"{_codes(added)} added")


@app.command("export")
def export_file(
    merchant: Merchant,
    promotion: Promotion,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="The file to write; without it, standard output."),
    ] = None,
) -> None:
    """Write the codes of a promotion as CSV.

    Each line has a code with its state and its uses; times are in UTC. A file is for people, so it
    begins with a byte order mark, which tells a spreadsheet that it is UTF-8. Standard output is
    for programs, so it has no mark.
    """
    with writing(output):
        with _opened(output) as file:
            written = ask_database(
                lambda database: _export(
                    database, merchant, promotion, file, for_people=output is not None
                )
            )
        if output is not None:
            typer.echo(f"{_codes(written)} written")


@app.command("generate")
def generate(
    merchant: Merchant,
    promotion: Promotion,
    count: Annotated[int, typer.Option(help="The number of codes, up to 1,000,000.")],
    prefix: Annotated[str, typer.Option(help="The beginning of each code.")] = "",
    groups: Annotated[int, typer.Option(help="The number of groups, with - between them.")] = 2,
    group_length: Annotated[int, typer.Option(help="The length of a group.")] = 4,
    alphabet: Annotated[str, typer.Option(help="The letters and digits to draw from.")] = ALPHABET,
) -> None:
    """Generate codes that nobody can guess, and add them to a promotion.

    A running service helps, and generates the rest if this command is interrupted.
    """
    pattern = CodePattern(prefix, groups, group_length, alphabet)
    with show_count("Generating", count) as show:
        try:
            generation = ask_database(
                lambda database: _generate(database, merchant, promotion, pattern, count, show)
            )
        except KeyboardInterrupt:
            raise CommandRefused(
                "interrupted: a running service makes the remaining codes"
            ) from None
    if generation.ending is not Ending.COMPLETE:
        wanted = _codes(generation.wanted)
        raise CommandRefused(
            f"{generation.ending}: {generation.made:,} of {wanted} were generated"
        ) from None
    typer.echo(f"{_codes(generation.made)} generated")


async def _import(
    database: Database, merchant: str, promotion_id: int, pieces: Iterator[bytes], layout: Layout
) -> int:
    caller = await _operator(database, merchant)
    return await code_imports.import_codes(
        database, caller, promotion_id, pieces, read_clock(), layout=layout
    )


async def _export(
    database: Database, merchant: str, promotion_id: int, file: TextIO, *, for_people: bool
) -> int:
    caller = await _operator(database, merchant)
    parts = await codes.export_codes(database, caller, promotion_id)
    file.write(BYTE_ORDER_MARK * for_people + CSV_HEADING)
    written = 0
    async for part in parts:
        file.write(write_csv(part, for_people=for_people))
        written += len(part)
    file.flush()
    return written


async def _generate(
    database: Database,
    merchant: str,
    promotion_id: int,
    pattern: CodePattern,
    count: int,
    show: Callable[[int], None],
) -> Generation:
    caller = await _operator(database, merchant)
    generation = await start_generation(
        database, caller, promotion_id, pattern, count, read_clock()
    )
    while generation.ending is None:
        advanced = await generate_some(database, caller.merchant_id, generation.id, read_clock())
        if advanced is None:
            # A worker of the service is making codes.
            await asyncio.sleep(_POLL_AFTER)
            advanced = await get_generation(database, caller, generation.id)
        generation = advanced
        show(generation.made)
    return generation


async def _operator(database: Database, merchant: str) -> Caller:
    return command_line_caller(await people.find_merchant(database, merchant))


def _pieces(file: Readable) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


@contextmanager
def _opened(output: Path | None) -> Iterator[TextIO]:
    """The file or standard output, without conversion of line ends."""
    if output is None:
        sys.stdout.reconfigure(newline="", encoding="utf-8")  # type: ignore[union-attr]
        yield sys.stdout
        return
    with output.open("w", newline="", encoding="utf-8") as file:
        yield file


def _codes(count: int) -> str:
    return "1 code" if count == 1 else f"{count:,} codes"
