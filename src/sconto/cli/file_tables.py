"""Tables of what was read from a file, and lists of what cannot be taken."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import typer

from sconto.cli.file_layouts import say_place
from sconto.cli.refusals import CommandRefused, show_lines
from sconto.cli.sentences import CODE_FAULTS, CODE_HINTS, say_product_line
from sconto.cli.tables import show_table
from sconto.domain.code_file import CodeFile, CodeLine, RefusedCodeLine
from sconto.domain.layout import Layout, column_letter
from sconto.domain.money import format_amount
from sconto.domain.product import ProductLine, RefusedProductLine
from sconto.domain.product_file import COLUMNS, ProductColumns

_SHOWN: Final = 20
"""Good rows that a table has."""

_BAD_SHOWN: Final = 100
"""Bad rows that a table has."""

_LONGEST: Final = 40


def show_refused_codes(path: Path, refused: Sequence[RefusedCodeLine], total: int) -> None:
    """Print the lines that cannot be taken, and options that may help."""
    faults = [f"{say_place(one.line, one.column)} {CODE_FAULTS[one.fault]}" for one in refused]
    show_lines(path, faults, total)
    for hint in dict.fromkeys(CODE_HINTS.get(one.fault) for one in refused):
        if hint is not None:
            typer.echo(f"{path}: {hint}", err=True)


def show_codes(path: Path, pieces: Iterable[bytes], layout: Layout) -> None:
    """Print the codes of a file as a table. Raises CommandRefused if some cannot be taken."""
    file = CodeFile(layout=layout)
    table = _Excerpt()
    refused: list[RefusedCodeLine] = []
    for line in _codes(file, pieces):
        if isinstance(line, CodeLine):
            table.add(line.line, (line.code,))
            continue
        table.add(line.line, (line.written,), CODE_FAULTS[line.fault])
        if len(refused) < _BAD_SHOWN:
            refused.append(line)
    table.show(("code",), f"column {column_letter(file.column)} has the codes")
    for hint in dict.fromkeys(CODE_HINTS.get(one.fault) for one in refused):
        if hint is not None:
            typer.echo(f"{path}: {hint}", err=True)
    table.end("code", "codes")


def show_products(
    columns: ProductColumns, lines: Iterable[ProductLine | RefusedProductLine]
) -> None:
    """Print the products of a file as a table. Raises CommandRefused if some cannot be taken."""
    fields = [name for name in COLUMNS if name in columns.of or name == "currency"]
    table = _Excerpt()
    for line in lines:
        if isinstance(line, ProductLine):
            product = line.product
            cells = {
                "product_id": str(product.product_id),
                "name": product.name,
                "price": format_amount(product.price, product.currency),
                "currency": product.currency,
                "tags": "|".join(product.tags or ()),
            }
            table.add(line.line, [cells[name] for name in fields])
        else:
            table.add(line.line, _written(line, fields), say_product_line(line))
    named = ", ".join(f"{name} in {column_letter(columns.of[name])}" for name in columns.of)
    ignored = f"; ignored: {', '.join(columns.ignored)}" if columns.ignored else ""
    table.show(fields, f"columns: {named}{ignored}")
    table.end("product", "products")


def _written(line: RefusedProductLine, fields: Sequence[str]) -> list[str]:
    places = [line.columns.get(name) for name in fields]
    return [
        "" if place is None or place >= len(line.written) else line.written[place]
        for place in places
    ]


def _codes(file: CodeFile, pieces: Iterable[bytes]) -> Iterator[CodeLine | RefusedCodeLine]:
    for piece in pieces:
        yield from file.feed(piece)
    yield from file.end()


class _Excerpt:
    """The first good rows of a file and the first bad ones, in the order of the file."""

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []
        self._good = 0
        self._bad = 0

    def add(self, line: int, values: Sequence[str], fault: str | None = None) -> None:
        """Count a row, and keep it if it is one of the first of its kind."""
        if fault is None:
            self._good += 1
            is_shown = self._good <= _SHOWN
        else:
            self._bad += 1
            is_shown = self._bad <= _BAD_SHOWN
        if is_shown:
            self._rows.append((line, *map(_shown, values), fault or ""))

    def show(self, names: Sequence[str], note: str) -> None:
        """Print the table, and how much is left out."""
        show_table(("line", *names, "problem"), self._rows)
        if (others := self._good + self._bad - len(self._rows)) > 0:
            typer.echo(f"… and {others:,} more")
        typer.echo(note)

    def end(self, one: str, several: str) -> None:
        """Print how many rows would be taken. Raises CommandRefused if some are bad."""
        if self._bad:
            lines = "1 line is" if self._bad == 1 else f"{self._bad:,} lines are"
            raise CommandRefused(f"nothing would be imported: {lines} not valid")
        typer.echo(f"{self._good:,} {one if self._good == 1 else several} would be taken")


def _shown(value: str) -> str:
    printable = "".join(letter if letter.isprintable() else "�" for letter in value)
    return printable if len(printable) <= _LONGEST else f"{printable[:_LONGEST]}…"
