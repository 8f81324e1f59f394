"""`sconto product`: imports products from a file."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Annotated, Final, TypeAlias

import typer

from sconto.api.clock import read_clock
from sconto.cli.database import ask_database
from sconto.cli.file_layouts import (
    CurrencyOption,
    DecimalOption,
    DelimiterOption,
    DryRun,
    EncodingOption,
    HeadingOption,
    layout_of,
    read_columns,
    read_currency,
    read_decimal,
)
from sconto.cli.file_opening import open_table
from sconto.cli.file_tables import show_products
from sconto.cli.groups import command_group
from sconto.cli.product_file import ProductFileRefused, open_products
from sconto.cli.progress import show_reading
from sconto.cli.refusals import CommandRefused, show_lines
from sconto.cli.sentences import say_product_line
from sconto.domain.csv_rows import RowFault
from sconto.domain.people import command_line_caller
from sconto.domain.problems import ImportRefused
from sconto.domain.product import FieldRule, ProductLine, PutCounts, RefusedProductLine
from sconto.domain.product_file import COLUMNS
from sconto.operations import Database, people, products

app: Final = command_group("The products of a merchant.")

_Lines: TypeAlias = Iterator[ProductLine | RefusedProductLine]


@app.callback()
def product() -> None:
    """Keep `import` a separate command: Typer would merge a single command into the group."""


@app.command("import")
def import_file(  # noqa: PLR0913, PLR0917  # options
    path: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The file, as a spreadsheet.")],
    merchant: Annotated[str, typer.Option(help="The merchant's name.")],
    dry_run: DryRun = False,
    column: Annotated[
        list[str] | None,
        typer.Option(help="The column of a field, such as price=C; for each field one."),
    ] = None,
    heading: HeadingOption = None,
    decimal: DecimalOption = None,
    currency: CurrencyOption = None,
    encoding: EncodingOption = None,
    delimiter: DelimiterOption = None,
) -> None:
    """Create or update products from a CSV file, all of them or none.

    The first line of the file names the columns product_id, name, price and currency, in any order
    and in many languages. --dry-run shows the products.
    """
    layout = replace(
        layout_of(encoding, delimiter, heading),
        columns=read_columns(column or [], COLUMNS),
        decimal=read_decimal(decimal),
        currency=read_currency(currency),
    )
    try:
        with _open(path) as file, show_reading(file) as watched:
            columns, lines = open_products(watched, layout)
            if dry_run:
                show_products(columns, lines)
                return
            counts = ask_database(lambda database: _import(database, merchant, lines))
    except ProductFileRefused as refused:
        raise CommandRefused(f"{path} {refused}") from None
    except ImportRefused as refused:
        faults = [f"line {one.line}: {say_product_line(one)}" for one in refused.lines]
        show_lines(path, faults, refused.total)
        for hint in _hints(refused.lines):
            typer.echo(f"{path}: {hint}", err=True)
        raise
    typer.echo(_summary(counts))
    if columns.ignored:
        typer.echo(f"ignored columns: {', '.join(map(repr, columns.ignored))}", err=True)


def _hints(lines: Sequence[RefusedProductLine]) -> Iterator[str]:
    """Options that may help against the faults."""
    rules = {fault.rule for one in lines if isinstance(one.fault, tuple) for fault in one.fault}
    if FieldRule.NO_THOUSANDS in rules:
        yield "--decimal point or comma says what the sign in 1,000 means"
    if any(one.fault is RowFault.UNREADABLE for one in lines):
        yield "--encoding says how its bytes are letters"


def _open(path: Path) -> IO[bytes]:
    try:
        return open_table(path)
    except OSError as error:
        raise ProductFileRefused(f"cannot be read: {error.strerror}") from None


async def _import(database: Database, merchant: str, lines: _Lines) -> PutCounts:
    caller = command_line_caller(await people.find_merchant(database, merchant))
    return await products.import_products(database, caller, lines, read_clock())


def _summary(counts: PutCounts) -> str:
    total = counts.created + counts.updated + counts.unchanged
    unchanged = f", {counts.unchanged:,} unchanged" if counts.unchanged else ""
    noun = "product" if total == 1 else "products"
    return f"{total:,} {noun}: {counts.created:,} new, {counts.updated:,} changed{unchanged}"
