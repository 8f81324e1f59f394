"""The layout of a table in a file: what a person can say if the file leaves it open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Encoding(StrEnum):
    """The encoding of a file without a byte order mark."""

    UTF_8 = "utf-8"
    WESTERN = "windows-1252"
    CENTRAL = "windows-1250"
    CYRILLIC = "windows-1251"


class Delimiter(StrEnum):
    """The character between two values."""

    COMMA = ","
    SEMICOLON = ";"
    TAB = "\t"


class DecimalSign(StrEnum):
    """The character between whole units and their parts; the other one separates thousands."""

    POINT = "."
    COMMA = ","


class Blanks(StrEnum):
    """What a blank within a code means: it ends the code, is a dash, or is nothing."""

    SEVERAL = "several"
    DASH = "dash"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Layout:
    """What is said about a table; None leaves it to the file.

    `columns` are numbers of columns from 0, by the name of their field. `currency` is that of
    prices without one.
    """

    encoding: Encoding | None = None
    delimiter: Delimiter | None = None
    heading: bool | None = None
    columns: Mapping[str, int] = field(default_factory=dict)
    decimal: DecimalSign | None = None
    blanks: Blanks | None = None
    currency: str | None = None


AUTOMATIC: Final = Layout()
"""Nothing is said."""


def column_letter(column: int) -> str:
    """The name of a column in spreadsheets: A for 0, AA for 26."""
    letters = ""
    number = column + 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def column_number(name: str) -> int | None:
    """The number of a column: 0 for `A` or `1`; None if the text names no column."""
    if not name.isascii() or len(name) > 3:
        return None
    if name.isdecimal():
        return int(name) - 1 if int(name) else None
    if not name.isalpha():
        return None
    number = 0
    for letter in name.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
