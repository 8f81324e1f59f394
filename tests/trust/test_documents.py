"""Every test named in a document exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted((ROOT / "docs").glob("*.md"))

_TEST = re.compile(r"\b(tests/[a-z_/]+\.py)(?:::(test_\w+))?")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_test_named_in_a_document_exists(document: Path) -> None:
    missing = [
        f"{path}::{name}"
        for path, name in _TEST.findall(document.read_text())
        if not (ROOT / path).exists() or f"def {name}" not in (ROOT / path).read_text()
    ]
    assert missing == []


def test_reliability_and_security_name_tests() -> None:
    for name in ("reliability.md", "security.md"):
        assert len(_TEST.findall((ROOT / "docs" / name).read_text())) > 10
