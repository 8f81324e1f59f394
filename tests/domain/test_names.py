"""Texts that can be names."""

import pytest

from sconto.domain.names import is_name


@pytest.mark.parametrize("text", ["a", "Nord & Söhne", "магазин", "x" * 255, "two words", "🛒"])
def test_usual_texts_are_names(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text", ["", " ", "\u00a0", "x" * 256, "a\x00b", "line\nbreak", "\x1b[31m", "half \ud800"]
)
def test_blank_long_and_unprintable_texts_are_not_names(text: str) -> None:
    assert not is_name(text)
