"""Patterns of generated codes: a prefix and groups of letters that nobody mistakes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sconto.domain.code_list import MOST_CODES_ADDED
from sconto.domain.codes import is_code
from sconto.domain.problems import PatternRefused

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 and O, no 1, I and L, no U beside V: thirty that are read alike on screen and on paper."""

SEPARATOR: Final = "-"

POSSIBLE_FOR_EACH: Final = 1000
"""How many codes a pattern must be able to make for each one made: who guesses misses."""


@dataclass(frozen=True, slots=True)
class CodePattern:
    """What the codes of a generation look like: `SUMMER-7K2M-XR4T` has two groups of four."""

    prefix: str = ""
    group_count: int = 2
    group_length: int = 4
    alphabet: str = ALPHABET

    @property
    def letters(self) -> int:
        """How many letters of a code are drawn."""
        return self.group_count * self.group_length

    @property
    def possible(self) -> int:
        """How many different codes there can be."""
        return int(len(self.alphabet) ** self.letters)

    def spell(self, drawn: str) -> Iterator[str]:
        """The codes that the drawn letters make, in their order."""
        size = self.group_length
        for start in range(0, len(drawn) - self.letters + 1, self.letters):
            groups = (drawn[i : i + size] for i in range(start, start + self.letters, size))
            yield self.prefix + SEPARATOR.join(groups)


class Ending(StrEnum):
    """How a generation was finished: with all codes, or with those that there are."""

    COMPLETE = "complete"
    PROMOTION_GONE = "promotion gone"
    PATTERN_USED_UP = "pattern used up"


@dataclass(frozen=True, slots=True)
class Generation:
    """Codes that are being generated, or were: `made` of `wanted`; an open one has no ending."""

    id: int
    promotion_id: int
    pattern: CodePattern
    wanted: int
    made: int
    user_id: int
    started_at: datetime
    finished_at: datetime | None = None
    ending: Ending | None = None


def check_pattern(pattern: CodePattern, wanted: int) -> None:
    """Raise PatternRefused unless that many codes can be made of the pattern."""
    if not 1 <= wanted <= MOST_CODES_ADDED:
        raise PatternRefused(f"1 to {MOST_CODES_ADDED:,} codes can be generated at once")
    if pattern.group_count < 1 or pattern.group_length < 1:
        raise PatternRefused("a pattern has at least one group of one letter")
    _check_alphabet(pattern.alphabet)
    if pattern.letters > 30 or not is_code(
        next(pattern.spell(pattern.alphabet[0] * pattern.letters))
    ):
        raise PatternRefused(
            "a code has 1 to 30 letters, digits, dashes, underscores and dots, prefix included"
        )
    if pattern.possible < wanted * POSSIBLE_FOR_EACH:
        most = pattern.possible // POSSIBLE_FOR_EACH
        raise PatternRefused(
            f"the pattern is too short: of its {pattern.possible:,} codes {most:,} can be "
            "generated, or the others would be guessed"
        )


def _check_alphabet(alphabet: str) -> None:
    """Letters are compared whatever their case, so one counts once."""
    plain = alphabet.isascii() and alphabet.isalnum()
    if not plain or len(set(alphabet.casefold())) < max(len(alphabet), 2):
        raise PatternRefused("an alphabet has 2 or more Latin letters and digits, each once")
