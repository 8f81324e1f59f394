"""`sconto product`: a merchant's catalogue, from a file."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final, TypeAlias

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from sconto.api.clock import read_clock
from sconto.cli.database import ask_database
from sconto.cli.product_file import FileRefused, read_lines
from sconto.cli.refusals import refuse
from sconto.domain.people import command_line_caller
from sconto.domain.problems import ImportRefused
from sconto.domain.product import ProductLine, PutCounts, RefusedLine
from sconto.operations import Database, people, products

app: Final = typer.Typer(help="A merchant's catalogue.", no_args_is_help=True)

_Lines: TypeAlias = Iterator[ProductLine | RefusedLine]

_LINES_A_LOOK: Final = 1000
"""The progress bar moves this often: a look at the file costs more than a line."""


@app.callback()
def product() -> None:
    """A merchant's catalogue."""


@app.command("import")
def import_file(
    path: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The file, in UTF-8 or UTF-16.")],
    merchant: Annotated[str, typer.Option(help="The merchant whose products they are.")],
) -> None:
    """Create or change the products of a CSV file, all of them or none.

    Its first line names the columns product_id, name, price and currency, in any order.
    """
    try:
        with _open(path) as file, _progress(file, read_lines(file)) as lines:
            counts = ask_database(lambda database: _import(database, merchant, lines))
    except FileRefused as refused:
        refuse(f"{path} {refused}")
    except ImportRefused as refused:
        _show_refused(path, refused)
        raise
    typer.echo(_summary(counts))


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise FileRefused(f"cannot be read: {error.strerror}") from None


@contextmanager
def _progress(file: BinaryIO, lines: _Lines) -> Iterator[_Lines]:
    """The same lines, with a bar that shows how much of the file they are, on a terminal."""
    console = Console(stderr=True)
    status = os.fstat(file.fileno())
    if not console.is_terminal or not stat.S_ISREG(status.st_mode):
        yield lines
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _watch(file, lines, progress, status.st_size)


def _watch(file: BinaryIO, lines: _Lines, progress: Progress, size: int) -> _Lines:
    task = progress.add_task("Reading", total=size)
    for number, line in enumerate(lines):
        if number % _LINES_A_LOOK == 0:
            progress.update(task, completed=file.tell())
        yield line
    progress.update(task, completed=size, description="Writing")


async def _import(database: Database, merchant: str, lines: _Lines) -> PutCounts:
    caller = command_line_caller(await people.find_merchant(database, merchant))
    return await products.import_products(database, caller, lines, read_clock())


def _show_refused(path: Path, refused: ImportRefused) -> None:
    for line in refused.lines:
        typer.echo(f"{path}: line {line.line}: {line.reason}", err=True)
    if refused.total > len(refused.lines):
        typer.echo(f"{path}: and {refused.total - len(refused.lines):,} more lines", err=True)


def _summary(counts: PutCounts) -> str:
    total = counts.created + counts.updated + counts.unchanged
    unchanged = f", {counts.unchanged:,} unchanged" if counts.unchanged else ""
    noun = "product" if total == 1 else "products"
    return f"{total:,} {noun}: {counts.created:,} new, {counts.updated:,} changed{unchanged}"
