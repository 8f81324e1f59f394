"""How much an answer tells of what is wrong: enough to mend it, however much was sent."""

from collections.abc import Iterable
from itertools import islice
from typing import Final, TypeVar

MOST_FAULTS: Final = 100
"""The most faults that one answer lists: the first ones."""

_NAME_LENGTH: Final = 100

T = TypeVar("T")


def first_faults(faults: Iterable[T]) -> tuple[T, ...]:
    """The faults that an answer lists."""
    return tuple(islice(faults, MOST_FAULTS))


def first_names(names: Iterable[str]) -> tuple[str, ...]:
    """The fields that an answer finds fault with; it does not repeat what was sent at length."""
    return first_faults(map(shorten, names))


def shorten(name: str) -> str:
    """The name of a field that nobody knows, with at most a hundred of its characters."""
    return name if len(name) <= _NAME_LENGTH else f"{name[:_NAME_LENGTH]}…"
