"""Sends stored requests to an application with a clock of its own, and compares bytes."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx

from sconto.domain.people import Caller
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import SECRET_KEY
from tests.serving import serving

START: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)

_APPLICATION: Final = re.compile(r'"applicationId": ?"([^"]+)"')
"""An id that is drawn at random; the first one that is answered is called application-1."""


class Replay:
    """Sends requests to an application whose clock moves a second with each of them."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, dict[str, str]]) -> None:
        self.now = START
        self._client = client
        self._headers = headers
        self._applications: dict[str, str] = {}

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The status, the type and the text of the answer to one request."""
        self.now += timedelta(seconds=1)
        body = request.get("body")
        content = body if isinstance(body, str) or body is None else json.dumps(body)
        for name, drawn in self._applications.items():
            content = content and content.replace(name, drawn)
        answer = await self._client.request(
            request["method"],
            request["path"],
            content=content,
            headers={
                **({} if content is None else {"content-type": "application/json"}),
                **self._headers.get(request["as"], {}),
                **request.get("headers", {}),
            },
        )
        text = answer.text
        for drawn in _APPLICATION.findall(text):
            if drawn not in self._applications.values():
                self._applications[f"application-{len(self._applications) + 1}"] = drawn
        for name, drawn in self._applications.items():
            text = text.replace(drawn, name)
        return {
            "status": answer.status_code,
            "type": answer.headers.get("content-type"),
            "text": text,
        }

    async def find_differences(self, rows: list[dict[str, Any]]) -> list[object]:
        """The requests whose answers differ from the recorded ones, with both answers."""
        different: list[object] = []
        for row in rows:
            answer = await self.ask(row["request"])
            if answer != row["answer"]:
                different.append((row["request"], row["answer"], answer))
        return different


@asynccontextmanager
async def open_replay(database: Database, callers: Mapping[str, Caller]) -> AsyncIterator[Replay]:
    """An application on that database, and the callers that requests may name."""
    tokens = Tokens(SECRET_KEY)
    headers = {
        name: {"Authorization": f"Bearer {tokens.issue(caller, START)}"}
        for name, caller in callers.items()
    }

    zone = ZoneInfo("Europe/Berlin")
    replay: Replay
    async with serving(database, tokens, zone=zone, now=lambda: replay.now) as client:
        replay = Replay(client, headers)
        yield replay
