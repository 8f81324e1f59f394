"""Which texts are codes, and which spellings are the same code."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.blanks import INVISIBLE, WHITE_SPACE, trim
from sconto.domain.codes import (
    activated_codes,
    code_key,
    is_code,
    is_typed_code,
    typed_code_key,
)
from sconto.domain.subscription import subscription_code_key
from tests.builders import blanks

LETTERS = [*map(chr, [*range(0x400, 0x482), *range(0x48A, 0x500)])]
MARKED = [letter for letter in LETTERS if unicodedata.decomposition(letter)]


@pytest.mark.parametrize(
    "text", ["A", "PROMO-001", "summer_sale.2026", "СКИДКА", "Ёлка-ђ", "0", "-", "X" * 30]
)
def test_a_code_has_letters_digits_dashes_underscores_and_dots(text: str) -> None:
    assert is_code(text)


@pytest.mark.parametrize(
    "text",
    ["", "X" * 31, "TEN %", "A B", "A\n", "É", "ß", "Ωmega", "٣", "҂", "Ж\u0301", "A/B", "\0", "İ"],
)
def test_other_texts_are_not_codes(text: str) -> None:
    assert not is_code(text)


@pytest.mark.parametrize(
    ("text", "other"),
    [("promo-1", "PROMO-1"), ("Скидка", "сКИДКА"), ("Ёж", "ёЖ"), ("\u04c0", "\u04cf")],
)
def test_the_case_of_codes_does_not_matter(text: str, other: str) -> None:
    assert code_key(text) == code_key(other)


@given(st.text())
def test_all_spellings_of_a_code_have_the_same_key(text: str) -> None:
    key = code_key(text)

    assert (key is not None) == is_code(trim(text)) == is_typed_code(text)
    if key is not None:
        assert code_key(key) == code_key(text.upper()) == code_key(text.lower()) == key


@given(st.from_regex(r"[A-Za-z0-9_.-]{1,30}", fullmatch=True))
def test_latin_texts_can_be_codes(text: str) -> None:
    assert code_key(text) == text.lower()


@given(st.sampled_from(["PROMO-001", "СКИДКА", "Ёлка-ђ", "x"]), blanks, blanks)
def test_blanks_and_invisible_characters_around_a_code_are_ignored(
    code: str, before: str, after: str
) -> None:
    typed = before + code + after

    assert trim(typed) == code
    assert is_code(code)
    assert not is_code(typed)
    assert code_key(typed) == code_key(code)
    assert subscription_code_key(typed) == subscription_code_key(code)
    assert activated_codes([code, "OTHER", typed]) == {
        "other": "OTHER",
        code_key(code): typed,
    }


def test_trimmed_characters_are_never_part_of_a_code() -> None:
    for character in WHITE_SPACE + INVISIBLE:
        assert code_key(f"A{character}B") is None
        assert subscription_code_key(f"A{character}B") != subscription_code_key("AB")


def test_trimmed_characters_are_invisible() -> None:
    categories = {unicodedata.category(character) for character in INVISIBLE}

    # Fillers count as letters, the grapheme joiner and two Khmer vowels as marks.
    assert categories <= {"Cf", "Cn", "Lo", "Mn"}
    assert all(character.isspace() for character in WHITE_SPACE)
    assert trim("\u2764\ufe0f") == "\u2764\ufe0f"


@given(st.text(), blanks, blanks)
def test_texts_that_cannot_be_codes_are_trimmed_too(text: str, before: str, after: str) -> None:
    assert typed_code_key(before + text + after) == typed_code_key(text)


@pytest.mark.parametrize("letter", MARKED)
def test_a_letter_with_a_mark_may_be_one_character_or_two(letter: str) -> None:
    two = unicodedata.normalize("NFD", letter)

    assert len(two) > 1
    for spelling in (letter, two, letter.swapcase(), two.swapcase()):
        assert is_code(spelling)
        assert code_key(spelling) == code_key(letter)
    assert is_code(two * 30)
    assert not is_code(two * 31)


def test_a_text_of_a_million_combining_marks_is_refused_quickly() -> None:
    # In an order that normalization must reverse.
    text = "\u0438" + "\u0301" * 500_000 + "\u0316" * 500_000
    for _ in range(100):
        assert not is_code(text)
        assert code_key(text) is None
        assert typed_code_key(f" {text} ") == text


@pytest.mark.parametrize("letter", LETTERS)
def test_codes_of_single_characters_need_no_normalizing(letter: str) -> None:
    assert unicodedata.normalize("NFC", letter) == letter
    folded = letter.casefold()
    assert unicodedata.normalize("NFC", folded) == folded
    assert is_code(folded)


@pytest.mark.parametrize("normalized", [code_key, typed_code_key, subscription_code_key])
@given(text=st.text(max_size=10))
def test_normalizing_twice_changes_nothing(
    normalized: Callable[[str], str | None], text: str
) -> None:
    once = normalized(text)
    assert once is None or normalized(once) == once


@given(st.text(max_size=10))
def test_every_normal_form_of_a_subscription_code_has_the_same_key(text: str) -> None:
    spellings = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert {*map(subscription_code_key, spellings)} == {subscription_code_key(text)}
