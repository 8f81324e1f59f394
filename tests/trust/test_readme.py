"""The curl lines of the README, sent to a new demo shop in their order."""

import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.cli.demo_shop import open_shop
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.trust.manuals import serve

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "README.md").read_text()

_REQUEST: Final = re.compile(r"^curl -s http://[^/]+(\S+) [^\n]* -d '([^']*)'$", re.M)


@pytest.fixture
async def demo(
    create_database: Callable[[], str], tokens: Tokens
) -> AsyncIterator[httpx.AsyncClient]:
    """A client who has signed in to a new demo shop."""
    database = await Database.open(create_database())
    token = await open_shop(database, tokens, read_clock())
    async with serve(database, tokens, read_clock) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        client.headers["Content-Type"] = "application/json"
        yield client


async def test_the_lines_work_and_are_answered_as_shown(demo: httpx.AsyncClient) -> None:
    requests = [(path, body) for path, body in _REQUEST.findall(PAGE)]
    answers = [await demo.post(path, content=body) for path, body in requests]
    assert [answer.status_code for answer in answers] == [200, 201, 200]
    [shown] = re.findall(r"^```json\n(.*?)^```$", PAGE, re.M | re.S)
    assert shortened(answers[0].json(), json.loads(shown)) == json.loads(shown)
    assert answers[2].json()["promotion_uses"] == 1


def shortened(answer: Any, shown: Any) -> Any:
    """The answer with those fields alone that are shown."""
    if isinstance(shown, dict):
        return {name: shortened(answer[name], shown[name]) for name in shown}
    if isinstance(shown, list):
        return [shortened(*pair) for pair in zip(answer, shown, strict=True)]
    return answer


def test_every_link_has_a_target() -> None:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text())
        for path, anchor in links:
            target = (page.parent / path) if path else page
            assert target.exists(), (page.name, path)
            assert not anchor or anchor in anchors_of(target), (page.name, path, anchor)


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
