"""What can be a code, and which spellings are the same code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.codes import code_key, is_code


@pytest.mark.parametrize(
    "text", ["A", "PROMO-001", "summer_sale.2026", "СКИДКА", "Ёлка-ђ", "0", "-", "X" * 30]
)
def test_letters_digits_dashes_underscores_and_dots_make_a_code(text: str) -> None:
    assert is_code(text)


@pytest.mark.parametrize(
    "text",
    ["", "X" * 31, "TEN %", "A B", "A\n", "É", "ß", "Ωmega", "٣", "҂", "Ж\u0301", "A/B", "\0", "İ"],
)
def test_anything_else_is_no_code(text: str) -> None:
    assert not is_code(text)
    assert code_key(text) is None


@pytest.mark.parametrize(
    ("text", "other"),
    [("promo-1", "PROMO-1"), ("Скидка", "сКИДКА"), ("Ёж", "ёЖ"), ("\u04c0", "\u04cf")],
)
def test_codes_are_the_same_whatever_their_case(text: str, other: str) -> None:
    assert code_key(text) == code_key(other)


@given(st.text())
def test_every_code_has_a_key_that_its_other_spellings_share(text: str) -> None:
    key = code_key(text)

    assert (key is not None) == is_code(text)
    if key is not None:
        assert code_key(key) == code_key(text.upper()) == code_key(text.lower()) == key


@given(st.from_regex(r"[A-Za-z0-9_.-]{1,30}", fullmatch=True))
def test_what_is_written_in_latin_letters_can_be_a_code(text: str) -> None:
    assert code_key(text) == text.lower()
