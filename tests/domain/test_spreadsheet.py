"""Values that a spreadsheet shows and does not run."""

import pytest

from sconto.domain.spreadsheet import shown_as_text


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1"])
def test_what_looks_like_a_formula_is_shown_as_text(value: str) -> None:
    assert shown_as_text(value) == f"'{value}"


@pytest.mark.parametrize("value", ["", "A-1", "1=1", "'=1"])
def test_any_other_value_stays_as_it_is(value: str) -> None:
    assert shown_as_text(value) == value
