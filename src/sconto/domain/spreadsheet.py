"""Values of a CSV file that a spreadsheet is going to show, or has written."""

from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"
"""What a file for people begins with: without it Excel does not read it as UTF-8."""

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_SHOWN_STARTS: Final = tuple(f"'{start}" for start in _FORMULA_STARTS)


def shown_as_text(value: str) -> str:
    """The value, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def read_text(value: str) -> str:
    """The value that `shown_as_text` has shown."""
    return value[1:] if value.startswith(_SHOWN_STARTS) else value
