"""The manual names every setting and no other."""

import re

from sconto.settings.names import NAMES
from tests.house.sources import ROOT, python_files

MANUAL = ROOT / "docs" / "settings.md"
SETTING = re.compile(r"\bSCONTO_[A-Z][A-Z_]*[A-Z]\b")


def test_the_manual_names_the_settings_that_the_code_reads() -> None:
    read = {name for path in python_files("src") for name in SETTING.findall(path.read_text())}
    assert set(SETTING.findall(MANUAL.read_text())) == read
    assert "SCONTO_DATABASE_URL" in read


def test_the_names_that_are_not_misspelt_are_those_that_the_manual_lists() -> None:
    listed = re.findall(r"^\| `(SCONTO_\w+)`", MANUAL.read_text(), re.MULTILINE)
    assert sorted(NAMES) == sorted(listed)
