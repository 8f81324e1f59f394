"""`sconto code`: a promotion's codes, from a file, to a file, or generated."""

import asyncio
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final, TextIO

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from sconto.api.clock import read_clock
from sconto.api.merchant.codes_wire import CSV_HEADING, write_csv
from sconto.cli.database import ask_database
from sconto.cli.refusals import refuse
from sconto.domain.code_pattern import ALPHABET, CodePattern, Ending, Generation
from sconto.domain.people import Caller, command_line_caller
from sconto.domain.problems import CodeFileRefused
from sconto.domain.spreadsheet import BYTE_ORDER_MARK
from sconto.operations import Database, codes, people
from sconto.operations.code_generation import generate_some, get_generation, start_generation

app: Final = typer.Typer(help="A promotion's codes, by the file or by the million.")

_PIECE: Final = 64 * 1024
_POLL_AFTER: Final = 0.2

Merchant = Annotated[str, typer.Option(help="The merchant whose promotion it is.")]
Promotion = Annotated[int, typer.Option(min=1, help="The promotion's id.")]


@app.command("import")
def import_file(
    path: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The file, in UTF-8 or UTF-16.")],
    merchant: Merchant,
    promotion: Promotion,
) -> None:
    """Add the codes of a file to a promotion, all of them or none.

    A code a line, or a spreadsheet's CSV file with a column coupon_code.
    """
    try:
        with path.open("rb") as file, _reading(file) as pieces:
            added = ask_database(lambda database: _import(database, merchant, promotion, pieces))
    except OSError as error:
        refuse(f"{path} cannot be read: {error.strerror}")
    except CodeFileRefused as refused:
        for line in refused.lines:
            typer.echo(f"{path}: line {line.line} {line.fault}", err=True)
        if others := refused.total - len(refused.lines):
            typer.echo(f"{path}: and {others:,} more lines", err=True)
        raise
    typer.echo(f"{_codes(added)} added")


@app.command("export")
def export_file(
    merchant: Merchant,
    promotion: Promotion,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Where to; else standard output.")
    ] = None,
) -> None:
    """Write the codes of a promotion as CSV, with their state and uses; times are in UTC.

    A file is for people: a byte order mark tells a spreadsheet that it is UTF-8. Standard output is
    for programs, and has none.
    """
    try:
        with _writing(output) as file:
            written = ask_database(
                lambda database: _export(
                    database, merchant, promotion, file, for_people=output is not None
                )
            )
    except BrokenPipeError:
        # Whoever read has read enough. What is still in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    except OSError as error:
        refuse(f"{output} cannot be written: {error.strerror}")
    if output is not None:
        typer.echo(f"{_codes(written)} written")


@app.command("generate")
def generate(
    merchant: Merchant,
    promotion: Promotion,
    count: Annotated[int, typer.Option(help="How many, up to 1,000,000.")],
    prefix: Annotated[str, typer.Option(help="What every code begins with.")] = "",
    groups: Annotated[int, typer.Option(help="How many groups of letters, with - between.")] = 2,
    group_length: Annotated[int, typer.Option(help="How many letters a group has.")] = 4,
    alphabet: Annotated[str, typer.Option(help="The letters and digits to draw.")] = ALPHABET,
) -> None:
    """Generate codes that nobody can guess, and add them to a promotion.

    A running service takes part, and goes on where this command is interrupted.
    """
    pattern = CodePattern(prefix, groups, group_length, alphabet)
    with _counting(count) as show:
        try:
            generation = ask_database(
                lambda database: _generate(database, merchant, promotion, pattern, count, show)
            )
        except KeyboardInterrupt:
            refuse("interrupted: the service makes the codes that are missing")
    if generation.ending is not Ending.COMPLETE:
        wanted = _codes(generation.wanted)
        refuse(f"{generation.ending}: {generation.made:,} of {wanted} were generated")
    typer.echo(f"{_codes(generation.made)} generated")


async def _import(
    database: Database, merchant: str, promotion_id: int, pieces: Iterator[bytes]
) -> int:
    caller = await _operator(database, merchant)
    return await codes.import_codes(database, caller, promotion_id, pieces, read_clock())


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
            # A worker of the service is at it.
            await asyncio.sleep(_POLL_AFTER)
            advanced = await get_generation(database, caller, generation.id)
        generation = advanced
        show(generation.made)
    return generation


async def _operator(database: Database, merchant: str) -> Caller:
    return command_line_caller(await people.find_merchant(database, merchant))


@contextmanager
def _reading(file: BinaryIO) -> Iterator[Iterator[bytes]]:
    """The pieces of a file, with a bar that shows how many have been read, on a terminal."""
    console = Console(stderr=True)
    status = os.fstat(file.fileno())
    if not console.is_terminal or not stat.S_ISREG(status.st_mode):
        yield _pieces(file)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield _watch(file, progress, status.st_size)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _watch(file: BinaryIO, progress: Progress, size: int) -> Iterator[bytes]:
    task = progress.add_task("Reading", total=size)
    for piece in _pieces(file):
        yield piece
        progress.advance(task, len(piece))
    progress.update(task, completed=size, description="Writing")


@contextmanager
def _counting(count: int) -> Iterator[Callable[[int], None]]:
    """A bar that is told how many codes there are, on a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Generating", total=count)
        yield lambda made: progress.update(task, completed=made)


@contextmanager
def _writing(output: Path | None) -> Iterator[TextIO]:
    """The file, or standard output, with line ends as they are written."""
    if output is None:
        sys.stdout.reconfigure(newline="", encoding="utf-8")  # type: ignore[union-attr]
        yield sys.stdout
        return
    with output.open("w", newline="", encoding="utf-8") as file:
        yield file


def _codes(count: int) -> str:
    return "1 code" if count == 1 else f"{count:,} codes"
