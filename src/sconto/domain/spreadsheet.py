"""Values of CSV files that spreadsheets show or have written."""

from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"
"""The start of a file for people; without it Excel does not read UTF-8."""

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_SHOWN_STARTS: Final = tuple(f"'{start}" for start in _FORMULA_STARTS)


def shown_as_text(value: str) -> str:
    """The value, with an apostrophe in front if a spreadsheet would take it for a formula."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def read_text(value: str) -> str:
    """The inverse of `shown_as_text`."""
    return value[1:] if value.startswith(_SHOWN_STARTS) else value
