"""Faults of a request's fields, and how many of them an answer lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from sconto.domain.problems import Problem

MAX_FAULTS: Final = 100
"""How many faults one answer lists: the first ones."""

_NAME_LENGTH: Final = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field, and where the field is.

    Each format writes the place in its own way: `/lines/2/quantity` or `rules[0].effect`.
    """

    place: str
    detail: str


class InvalidFields(Problem):
    """The request is well-formed, but some of its fields are not valid; the first are listed."""

    def __init__(self, faults: Iterable[FieldFault]) -> None:
        self.faults = first_faults(faults)
        super().__init__(f"{len(self.faults)} invalid fields")


def first_faults(faults: Iterable[T]) -> tuple[T, ...]:
    """The faults that an answer lists."""
    return tuple(islice(faults, MAX_FAULTS))


def first_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names of fields that an answer lists, each cut to a hundred characters."""
    return first_faults(map(shorten, names))


def shorten(name: str) -> str:
    """The name of an unknown field, cut to a hundred characters."""
    return name if len(name) <= _NAME_LENGTH else f"{name[:_NAME_LENGTH]}…"
