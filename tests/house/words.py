"""The words that docs/glossary.md replaces."""

import re
from typing import Final

from tests.house.sources import ROOT

GLOSSARY: Final = (ROOT / "docs" / "glossary.md").read_text()
UNUSED: Final = "\n## Words that are not used\n"


def unused_words() -> list[str]:
    """The words in the left column of the glossary's last table."""
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", GLOSSARY.partition(UNUSED)[2], re.MULTILINE)
    return [word.strip().removeprefix("to ") for row in rows[1:] for word in row.split(",")]
