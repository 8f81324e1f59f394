"""The manual: each page has a place, and each page that shows requests has a test."""

import tomllib
from typing import Any

from tests.house.sources import ROOT

PAGES = {page.name for page in (ROOT / "docs").glob("*.md")}


def pages_in(chapters: Any) -> list[str]:
    """The pages in a part of the navigation, in their order."""
    if isinstance(chapters, str):
        return [chapters]
    parts = chapters.values() if isinstance(chapters, dict) else chapters
    return [page for part in parts for page in pages_in(part)]


def test_each_page_is_in_one_chapter() -> None:
    navigation = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]
    named = pages_in(navigation)
    assert sorted(named) == sorted(PAGES)
    # The first page is the folder's.
    assert named[0] == "index.md"


def test_the_first_steps_are_those_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    page = (ROOT / "docs" / "first-steps.md").read_text()
    shown = [line for line in page.splitlines() if line.startswith(("curl ", "  {", "   "))]
    assert len(shown) > 10
    assert [line for line in shown if line not in readme] == []


def test_each_page_with_requests_is_named_by_a_test() -> None:
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    showing = {name for name in PAGES if "```http" in (ROOT / "docs" / name).read_text()}
    assert len(showing) > 3
    assert {name for name in showing if f'"{name}"' not in tests} == set()
