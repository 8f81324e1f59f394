"""`sconto product`: imports products from a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Final, TypeAlias

import typer

from sconto.api.clock import read_clock
from sconto.cli.database import ask_database
from sconto.cli.product_file import FileRefused, read_lines
from sconto.cli.progress import show_reading
from sconto.cli.refusals import CommandRefused, show_lines
from sconto.cli.sentences import say_product_line
from sconto.domain.people import command_line_caller
from sconto.domain.problems import ImportRefused
from sconto.domain.product import ProductLine, PutCounts, RefusedProductLine
from sconto.operations import Database, people, products

app: Final = typer.Typer(
    help="The products of a merchant.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_Lines: TypeAlias = Iterator[ProductLine | RefusedProductLine]


@app.callback()
def product() -> None:
    """Keep `import` a separate command: Typer would merge a single command into the group."""


@app.command("import")
def import_file(
    path: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The file, in UTF-8 or UTF-16.")],
    merchant: Annotated[str, typer.Option(help="The merchant's name.")],
) -> None:
    """Create or update products from a CSV file, all of them or none.

    The first line of the file names the columns product_id, name, price and currency, in any order.
    """
    try:
        with _open(path) as file, show_reading(file) as watched:
            lines = read_lines(watched)
            counts = ask_database(lambda database: _import(database, merchant, lines))
    except FileRefused as refused:
        raise CommandRefused(f"{path} {refused}") from None
    except ImportRefused as refused:
        faults = [f"line {one.line}: {say_product_line(one)}" for one in refused.lines]
        show_lines(path, faults, refused.total)
        raise
    typer.echo(_summary(counts))


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise FileRefused(f"cannot be read: {error.strerror}") from None


async def _import(database: Database, merchant: str, lines: _Lines) -> PutCounts:
    caller = command_line_caller(await people.find_merchant(database, merchant))
    return await products.import_products(database, caller, lines, read_clock())


def _summary(counts: PutCounts) -> str:
    total = counts.created + counts.updated + counts.unchanged
    unchanged = f", {counts.unchanged:,} unchanged" if counts.unchanged else ""
    noun = "product" if total == 1 else "products"
    return f"{total:,} {noun}: {counts.created:,} new, {counts.updated:,} changed{unchanged}"
