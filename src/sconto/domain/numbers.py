"""The numbers that are stored."""

from typing import Final

MAX_INT64: Final = 2**63 - 1
"""The largest whole number that is stored: an id, a position, a count."""
