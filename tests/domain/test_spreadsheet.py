"""Values that spreadsheets must show and not run as formulas."""

import pytest

from sconto.domain.spreadsheet import shown_as_text


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1"])
def test_formulas_are_shown_as_text(value: str) -> None:
    assert shown_as_text(value) == f"'{value}"


@pytest.mark.parametrize("value", ["", "A-1", "1=1", "'=1"])
def test_other_values_are_unchanged(value: str) -> None:
    assert shown_as_text(value) == value
