"""The manual uses one word for one thing, as docs/glossary.md says."""

import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.house.sources import ROOT
from tests.house.words import GLOSSARY, UNUSED, unused_words

PAGES: Final = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]

_CODE: Final = re.compile(r"^```.*?^```$|`[^`\n]*`|\]\([^)]*\)", re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """A page without quotations: code, addresses, and the glossary's list of other words."""
    return _CODE.sub("", page.read_text().partition(UNUSED)[0])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_uses_none_of_the_words_that_the_glossary_replaces(page: Path) -> None:
    text = prose(page)
    found = [word for word in unused_words() if re.search(rf"\b{word}(?:s|ed)?\b", text, re.I)]
    assert found == []


def test_the_glossary_replaces_words_and_explains_each_word_once() -> None:
    assert {"voucher", "remember", "at once", "time-out"} <= set(unused_words())
    words = re.findall(r"\*\*([^*]+)\*\*", GLOSSARY)
    assert len(words) > 70
    assert [word for word, times in Counter(words).items() if times > 1] == []
