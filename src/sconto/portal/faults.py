"""What is wrong with the fields of a form."""

from collections.abc import Sequence
from typing import Final

from sconto.portal.words import marked

PERCENT_FAULT: Final = marked("Write a percent above 0 and at most 100, such as 12.5.")

MAX_NAMED: Final = 5
"""How many wrong texts or lines a sentence names."""

_LONGEST_NAMED: Final = 40


class Faults(dict[str, str]):
    """Sentences by field; a field keeps its first one."""

    def note(self, name: str, sentence: str) -> None:
        """Note what is wrong with a field."""
        self.setdefault(name, sentence)


class Focus:
    """The focus of a page: the first wrong field takes it, in the order in which fields appear."""

    def __init__(self) -> None:
        self._taken = False

    def take(self) -> bool:
        """Whether this is the first field that asks."""
        is_first, self._taken = not self._taken, True
        return is_first


def name_some(texts: Sequence[str]) -> str:
    """The first of the texts, shortened."""
    shown = ", ".join(text[:_LONGEST_NAMED] for text in texts[:MAX_NAMED])
    return f"{shown} …" if len(texts) > MAX_NAMED else shown
