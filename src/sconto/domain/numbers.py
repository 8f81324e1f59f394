"""Limits of stored numbers."""

from typing import Final

MAX_INT64: Final = 2**63 - 1
"""The largest integer that is stored: an id, a position, a count."""

MAX_INT32: Final = 2**31 - 1
"""The largest integer of 32 bits."""
