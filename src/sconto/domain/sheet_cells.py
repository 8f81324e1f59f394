"""Cells of a spreadsheet file, as the texts that a person sees in it."""

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

EXACT_DIGITS: Final = 15
"""A spreadsheet keeps so many digits of a number; the rest are lost."""

_ZEROS: Final = re.compile("0+")
_PERCENT: Final = re.compile(r"(?<!\\)%")


def cell_text(value: object, number_format: str = "General") -> str:
    """The text of a cell; a number that is not whole is a Decimal.

    A number has a point, no thousands, and leading zeros or a percent sign if its format shows
    them. A number of more than EXACT_DIGITS digits is shortened, as `1.23E+18`: it is not what was
    typed. A date is marked as one: it may have been a code such as `3-10`.
    """
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | Decimal():
            return _number_text(Decimal(value), number_format)
        case datetime() | date() | time():
            return f"{value.isoformat()} (date)"
        case _:
            return str(value)


def _number_text(number: Decimal, number_format: str) -> str:
    if not number.is_finite():
        return str(number)
    if abs(number) >= 10**EXACT_DIGITS:
        return f"{number:.14E}"
    is_percent = _PERCENT.search(re.sub('"[^"]*"', "", number_format)) is not None
    if is_percent:
        number *= 100
    is_whole = number == number.to_integral_value()
    text = str(int(number)) if is_whole else format(number.normalize(), "f")
    if is_whole and number >= 0 and _ZEROS.fullmatch(number_format):
        text = text.zfill(len(number_format))
    return f"{text}%" if is_percent else text
