"""Patterns of generated codes: how many codes they have, and which are refused."""

import pytest

from sconto.domain.code_pattern import ALPHABET, CodePattern, check_pattern
from sconto.domain.codes import code_key, is_code
from sconto.domain.problems import PatternFault, PatternRefused


def test_a_code_has_a_prefix_and_groups() -> None:
    pattern = CodePattern("SUMMER-", group_count=2, group_length=3)
    assert list(pattern.spell("7K2MXR234567")) == ["SUMMER-7K2-MXR", "SUMMER-234-567"]
    assert list(CodePattern(group_count=1, group_length=2).spell("ABC")) == ["AB"]


def test_the_alphabet_has_no_letters_that_look_alike() -> None:
    assert not set("0O1IL") & set(ALPHABET)
    assert len({code_key(letter) for letter in ALPHABET}) == len(ALPHABET) == 30


def test_a_million_codes_of_the_default_pattern_cannot_be_guessed() -> None:
    check_pattern(CodePattern(), 1_000_000)
    assert CodePattern().possible == 30**8


def test_codes_of_the_longest_pattern_are_valid() -> None:
    pattern = CodePattern("X" * 21, 2, 4)
    check_pattern(pattern, 1)
    assert is_code(next(pattern.spell("A" * 8)))


@pytest.mark.parametrize(
    ("pattern", "wanted", "fault"),
    [
        (CodePattern(), 0, PatternFault.COUNT),
        (CodePattern(), 1_000_001, PatternFault.COUNT),
        (CodePattern("X" * 22), 1, PatternFault.NOT_A_CODE),
        (CodePattern("TEN %"), 1, PatternFault.NOT_A_CODE),
        (CodePattern(group_count=0), 1, PatternFault.NO_GROUP),
        (CodePattern(group_length=-1), 1, PatternFault.NO_GROUP),
        (CodePattern(group_count=10**9, group_length=10**9), 1, PatternFault.NOT_A_CODE),
        (CodePattern(alphabet="AaB"), 1, PatternFault.ALPHABET),
        (CodePattern(alphabet="A"), 1, PatternFault.ALPHABET),
        (CodePattern(alphabet="AB-"), 1, PatternFault.ALPHABET),
        (CodePattern(alphabet="АБ"), 1, PatternFault.ALPHABET),
        (CodePattern(alphabet=""), 1, PatternFault.ALPHABET),
        (CodePattern(group_count=1), 811, PatternFault.TOO_SHORT),
    ],
)
def test_a_bad_pattern_is_refused(pattern: CodePattern, wanted: int, fault: PatternFault) -> None:
    with pytest.raises(PatternRefused) as refused:
        check_pattern(pattern, wanted)
    assert refused.value.fault is fault


def test_a_short_pattern_is_refused_with_the_number_of_its_codes() -> None:
    with pytest.raises(PatternRefused) as refused:
        check_pattern(CodePattern(group_count=1), 811)
    assert (refused.value.possible, refused.value.generated) == (810_000, 810)
