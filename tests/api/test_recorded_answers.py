"""Answers that have nothing of cart promotions are byte for byte what they were before them.

`recorded_answers.json` has requests with the answers of commit fec9347, the last one without them:
on an empty database, in this order, the first one at this time. A merchant may have cart promotions
that do not apply.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import pytest

from sconto.api.context import Context
from sconto.api.logs import request_log
from sconto.api.metrics import Metrics
from sconto.app import build_app
from sconto.domain.people import Role
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import SECRET_KEY, create_caller

RECORDED: Final = Path(__file__).with_name("recorded_answers.json")

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


@asynccontextmanager
async def open_replay(database_url: str) -> AsyncIterator[tuple[Replay, Database]]:
    """An application on an empty database, with a user of each role."""
    database = await Database.open(database_url)
    tokens = Tokens(SECRET_KEY)
    headers, merchant_id = {}, None
    for role in Role:
        caller = await create_caller(database, role, merchant_id)
        merchant_id = caller.merchant_id
        async with database.write() as connection:
            await connection.execute(
                "UPDATE users SET username = $1 WHERE user_id = $2", role.value, caller.user_id
            )
        headers[role.value] = {"Authorization": f"Bearer {tokens.issue(caller, START)}"}

    @asynccontextmanager
    async def open_context() -> AsyncIterator[Context]:
        yield Context(database, tokens, ZoneInfo("Europe/Berlin"), Metrics(), lambda: replay.now)

    app = build_app(open_context, request_log("console"))
    try:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://sconto") as client:
                replay = Replay(client, headers)
                yield replay, database
    finally:
        await database.close()


_RESTART: Final = """
ALTER TABLE promotions ALTER promotion_id RESTART WITH {first};
ALTER TABLE history ALTER entry_id RESTART WITH {first};
ALTER TABLE codes ALTER code_id RESTART WITH {first};
"""

TEN_OFF: Final = {
    "name": "Ten off",
    "target": "order",
    "benefit": {"type": "amount", "amounts": {"EUR": "10.00"}},
    "limits": {"total": 1},
}


async def create_cart_promotions(replay: Replay, database: Database) -> None:
    """Create cart promotions that apply to no cart, with ids far from those of the requests."""
    path = "/cart/v1/promotions"
    codes = {"code_type": "one-time", "codes": ["CART-1"]}
    async with database.write() as connection:
        await connection.execute(_RESTART.format(first=1_000_000))
    for more in ({"active": False}, {"codes": codes}, {"starts_at": "2027-01-01T00:00:00Z"}):
        request = {"as": "admin", "method": "POST", "path": path, "body": {**TEN_OFF, **more}}
        assert (await replay.ask(request))["status"] == 201
    async with database.write() as connection:
        await connection.execute(_RESTART.format(first=1))
    replay.now = START


@pytest.mark.parametrize("with_others", [False, True], ids=["without", "with"])
async def test_answers_without_cart_promotions_are_the_recorded_bytes(
    create_database: Callable[[], str], with_others: bool
) -> None:
    recorded = json.loads(RECORDED.read_text())
    different = []
    async with open_replay(create_database()) as (replay, database):
        if with_others:
            await create_cart_promotions(replay, database)
        for row in recorded:
            answer = await replay.ask(row["request"])
            if answer != row["answer"]:
                different.append((row["request"], row["answer"], answer))
    assert different == []
