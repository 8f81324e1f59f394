"""Values of a CSV file that a spreadsheet is going to show."""

from typing import Final

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def shown_as_text(value: str) -> str:
    """The value, with an apostrophe before what a spreadsheet would take for a formula.

    For texts that people made up. Codes need none and get none, so that a file can be read back:
    they have no sign that could call anything.
    """
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
