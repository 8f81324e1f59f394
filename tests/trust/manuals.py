"""The examples of the manual's pages, and a service to send them to.

An example is a block of `http`: a request, a blank line, and its answer, a status and JSON. In an
answer `…` stands for anything.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx

from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.serving import serving

DOCS: Final = Path(__file__).parents[2] / "docs"

_ANYTHING: Final = "…"


@dataclass(frozen=True)
class Example:
    """A request of a page, and the answer below it."""

    method: str
    path: str
    body: str | None
    status: int
    answer: Any


def read_examples(page: str) -> list[Example]:
    """The examples of a page of the manual, in their order."""
    text = (DOCS / page).read_text()
    return [_read(block) for block in re.findall(r"^```http\n(.*?)^```$", text, re.M | re.S)]


def _read(block: str) -> Example:
    request, _, answer = block.partition("\n\n")
    line, _, body = request.partition("\n")
    method, path = line.split()
    status, _, text = answer.partition("\n")
    shown = _ANYTHING if text.strip() == _ANYTHING else json.loads(text)
    return Example(method, path, body or None, int(status), shown)


async def check_examples(client: httpx.AsyncClient, examples: list[Example]) -> None:
    """Send the examples one after another; each answer must be what the page shows."""
    for one in examples:
        headers = {} if one.body is None else {"Content-Type": "application/json"}
        answer = await client.request(one.method, one.path, content=one.body, headers=headers)
        assert answer.status_code == one.status, (one, answer.text)
        assert _fits(one.answer, answer.json()), (one, answer.text)


def _fits(shown: Any, answered: Any) -> bool:
    if shown == _ANYTHING:
        return True
    if isinstance(shown, dict) and isinstance(answered, dict):
        return list(shown) == list(answered) and all(
            _fits(shown[name], answered[name]) for name in shown
        )
    if isinstance(shown, list) and isinstance(answered, list):
        return len(shown) == len(answered) and all(map(_fits, shown, answered))
    return bool(shown == answered)


@asynccontextmanager
async def serve(
    database: Database, tokens: Tokens, now: Callable[[], datetime]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service; its zone is UTC. The database is closed at the end."""
    try:
        async with serving(database, tokens, now=now) as client:
            yield client
    finally:
        await database.close()
