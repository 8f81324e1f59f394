"""Patterns of generated codes: a prefix and groups of letters that are easy to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sconto.domain.code_list import MAX_CODES_ADDED
from sconto.domain.codes import is_code
from sconto.domain.problems import PatternFault, PatternRefused

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Thirty characters that are not confused: no 0 and O, no 1, I and L, no U, which looks like V."""

SEPARATOR: Final = "-"

POSSIBLE_FOR_EACH: Final = 1000
"""How many codes a pattern must allow for each code generated, so that guesses fail."""


@dataclass(frozen=True, slots=True)
class CodePattern:
    """The shape of generated codes: `SUMMER-7K2M-XR4T` has two groups of four."""

    prefix: str = ""
    group_count: int = 2
    group_length: int = 4
    alphabet: str = ALPHABET

    @property
    def letters(self) -> int:
        """How many letters of a code are random."""
        return self.group_count * self.group_length

    @property
    def possible(self) -> int:
        """How many different codes the pattern has."""
        return int(len(self.alphabet) ** self.letters)

    def spell(self, drawn: str) -> Iterator[str]:
        """The codes that the random letters make, in order."""
        size = self.group_length
        for start in range(0, len(drawn) - self.letters + 1, self.letters):
            groups = (drawn[i : i + size] for i in range(start, start + self.letters, size))
            yield self.prefix + SEPARATOR.join(groups)


class Ending(StrEnum):
    """How a generation ended: with all codes, or with the codes made so far."""

    COMPLETE = "complete"
    PROMOTION_GONE = "promotion gone"
    PATTERN_USED_UP = "pattern used up"


@dataclass(frozen=True, slots=True)
class Generation:
    """A job that generates codes, with `made` of `wanted`; while it runs it has no ending."""

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
    """Raise PatternRefused unless the pattern allows that many codes."""
    if not 1 <= wanted <= MAX_CODES_ADDED:
        raise PatternRefused(PatternFault.COUNT)
    if pattern.group_count < 1 or pattern.group_length < 1:
        raise PatternRefused(PatternFault.NO_GROUP)
    _check_alphabet(pattern.alphabet)
    if pattern.letters > 30 or not is_code(
        next(pattern.spell(pattern.alphabet[0] * pattern.letters))
    ):
        raise PatternRefused(PatternFault.NOT_A_CODE)
    if pattern.possible < wanted * POSSIBLE_FOR_EACH:
        generated = pattern.possible // POSSIBLE_FOR_EACH
        raise PatternRefused(PatternFault.TOO_SHORT, pattern.possible, generated)


def _check_alphabet(alphabet: str) -> None:
    """Each letter counts once, because case does not matter."""
    plain = alphabet.isascii() and alphabet.isalnum()
    if not plain or len(set(alphabet.casefold())) < max(len(alphabet), 2):
        raise PatternRefused(PatternFault.ALPHABET)
