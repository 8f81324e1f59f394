"""Options that say how a file of a table is read."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer

from sconto.cli.refusals import CommandRefused
from sconto.domain.layout import (
    Blanks,
    DecimalSign,
    Delimiter,
    Encoding,
    Layout,
    column_letter,
    column_number,
)
from sconto.domain.money import known_currencies

_DELIMITERS: Final = {
    "comma": Delimiter.COMMA,
    "semicolon": Delimiter.SEMICOLON,
    "tab": Delimiter.TAB,
}
_DECIMALS: Final = {"point": DecimalSign.POINT, "comma": DecimalSign.COMMA}

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be taken; take nothing.")]
EncodingOption = Annotated[
    str | None,
    typer.Option("--encoding", help=f"The letters of the file: {', '.join(Encoding)}."),
]
DelimiterOption = Annotated[
    str | None,
    typer.Option("--delimiter", help="The character between values: comma, semicolon or tab."),
]
HeadingOption = Annotated[
    bool | None,
    typer.Option("--heading/--no-heading", help="Whether the first row is a heading."),
]
BlanksOption = Annotated[
    str | None,
    typer.Option(
        "--blanks",
        help="What a blank within a code means: several codes, a dash, or nothing.",
    ),
]
DecimalOption = Annotated[
    str | None, typer.Option("--decimal", help="The decimal sign of prices: point or comma.")
]
CurrencyOption = Annotated[
    str | None, typer.Option("--currency", help="The currency of prices that name none.")
]


def read_encoding(text: str | None) -> Encoding | None:
    """The encoding of an option. Raises CommandRefused."""
    return None if text is None else Encoding(_one_of("--encoding", text, tuple(Encoding)))


def read_delimiter(text: str | None) -> Delimiter | None:
    """The delimiter of an option. Raises CommandRefused."""
    return None if text is None else _DELIMITERS[_one_of("--delimiter", text, [*_DELIMITERS])]


def read_blanks(text: str | None) -> Blanks | None:
    """What blanks mean. Raises CommandRefused."""
    return None if text is None else Blanks(_one_of("--blanks", text, tuple(Blanks)))


def read_decimal(text: str | None) -> DecimalSign | None:
    """The decimal sign of an option. Raises CommandRefused."""
    return None if text is None else _DECIMALS[_one_of("--decimal", text, [*_DECIMALS])]


def read_currency(text: str | None) -> str | None:
    """The currency of an option. Raises CommandRefused."""
    if text is not None and text not in known_currencies():
        raise CommandRefused(f"--currency is an ISO 4217 code such as EUR, not {text!r}")
    return text


def read_column(option: str, text: str) -> int:
    """The number of a column: 0 for `A` or `1`. Raises CommandRefused."""
    number = column_number(text.strip())
    if number is None:
        raise CommandRefused(f"{option} is a column such as B or 2, not {text!r}")
    return number


def read_columns(texts: Sequence[str], fields: Sequence[str]) -> dict[str, int]:
    """Columns such as `price=C`, by field. Raises CommandRefused."""
    columns = {}
    for text in texts:
        field, _, column = text.partition("=")
        columns[_one_of("--column", field, fields)] = read_column("--column", column)
    return columns


def say_place(line: int, column: int | None) -> str:
    """The place of a bad value: `line 3`, or `line 3 (column B)`."""
    return f"line {line}" if column is None else f"line {line} (column {column_letter(column)})"


def layout_of(encoding: str | None, delimiter: str | None, heading: bool | None) -> Layout:
    """The part of a layout that all files have. Raises CommandRefused."""
    return Layout(read_encoding(encoding), read_delimiter(delimiter), heading)


def _one_of(option: str, text: str, known: Sequence[str]) -> str:
    if text not in known:
        raise CommandRefused(f"{option} is one of {', '.join(known)}, not {text!r}")
    return text
