"""How a typed text is searched for, and how texts are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.search import (
    MAX_WORDS,
    SearchText,
    fold_name,
    needle,
    pairs,
    read_search,
    trigrams,
)


@given(st.text("aBÄéñßЁйДžŁ -"))
def test_case_does_not_matter(text: str) -> None:
    assert fold_name(text.upper()) == fold_name(text.lower()) == fold_name(text)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [("Café", "cafe"), ("ÜBER", "uber"), ("Ёлка", "елка"), ("Su\u200fm\u00admer", "summer")],
)
def test_accents_and_invisible_characters_are_ignored(typed: str, folded: str) -> None:
    assert fold_name(typed) == folded


@given(st.text("ab c-", min_size=3), st.integers(0), st.integers(3))
def test_a_text_has_the_trigrams_of_its_parts(text: str, start: int, length: int) -> None:
    start %= len(text)
    assert set(trigrams(text[start : start + length])) <= set(trigrams(text))


@given(st.text("ab c-", min_size=3), st.integers(0), st.integers(3))
def test_a_text_has_the_pairs_of_its_parts_in_one_of_two_places(
    text: str, start: int, length: int
) -> None:
    start %= len(text)
    wanted = pairs(text[start : start + length])[start % 2]
    assert set(wanted) <= set(pairs(text)[0])


def test_a_short_word_is_found_where_words_begin() -> None:
    spread = "  green  tea"
    assert [needle(word) in spread for word in ("g", "te", "ree", "re", "a")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_a_text_is_read_as_each_kind_that_it_may_be() -> None:
    assert read_search(" 42 ") == SearchText("42", ("42",), "42", (" 42 ", "42"), 42)
    assert read_search("Green  TEA") == SearchText(
        "Green  TEA", ("green", "tea"), "", ("Green  TEA", "GREEN  TEA", "green  tea")
    )
    assert read_search(" \u200b\t") is None


@pytest.mark.parametrize("typed", ["a\0b", "\ud800", "x" * 256])
def test_a_text_that_no_name_can_contain_has_no_pattern(typed: str) -> None:
    assert read_search(typed) == SearchText(typed)


def test_a_search_has_few_words() -> None:
    found = read_search(" ".join(str(number) for number in range(50)))
    assert found is not None
    assert len(found.words) == MAX_WORDS
