"""The events API over HTTP."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from sconto.api.cursors import write_cursor
from sconto.api.sending.sender import Sender
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import SECRET_KEY, create_caller
from tests.receiver import LOCAL, Receiver, a_receiver
from tests.serving import serving

Ask = Callable[..., Any]
WEBHOOKS = "/events/v1/webhooks"
ORDER = {
    "order_id": "A-1",
    "currency": "EUR",
    "lines": [{"line_id": "1", "product_id": 1, "quantity": 1, "unit_price": "10.00"}],
}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as receiver:
        yield receiver


@pytest.fixture
async def client(own_database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application whose operator allows webhooks to this machine."""
    # Tokens of its own: users of other databases have the same ids.
    async with serving(own_database, Tokens(SECRET_KEY), sender=Sender(LOCAL, 5)) as client:
        yield client


@pytest.fixture
async def ask(client: httpx.AsyncClient, own_database: Database, bearer: Any) -> Ask:
    """Sends a request of a new merchant's admin, and answers its body."""
    headers = bearer(await create_caller(own_database))

    async def ask(
        method: str, path: str, body: Any = None, *, status: int = 200, **query: str
    ) -> Any:
        answer = await client.request(method, path, json=body, params=query, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    return ask


def faults_of(problem: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in problem["errors"]]


async def test_a_webhook_is_created_changed_and_deleted(ask: Ask) -> None:
    new = {"url": "https://shop.example/hook", "types": ["order.placed", "order.placed"]}
    created = await ask("POST", WEBHOOKS, new, status=201)
    assert created.pop("secret").startswith("whsec_")
    assert (created["types"], created["enabled"]) == (["order.placed"], True)
    path = f"{WEBHOOKS}/{created['id']}"
    assert await ask("GET", path) == created
    assert await ask("GET", WEBHOOKS) == {"webhooks": [created]}
    changed = await ask("PATCH", path, {"types": None, "enabled": False, "description": "Orders"})
    assert (changed["types"], changed["enabled"]) == ([], False)
    assert changed["description"] == "Orders"
    rotated = await ask("POST", f"{path}/secret", {})
    assert rotated["secret"].startswith("whsec_")
    assert rotated["previous_secret_until"] is not None
    ended = await ask("POST", f"{path}/secret", {"overlap_hours": 0})
    assert ended["previous_secret_until"] is None
    await ask("DELETE", path, status=204)
    await ask("GET", path, status=404)
    assert await ask("PUT", "/events/v1/recording", {"recording": False}) == {"recording": False}


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, ["/url"]),
        ({"url": 7}, ["/url"]),
        ({"url": "https://10.0.0.1/"}, ["/url"]),
        ({"url": "https://a.example", "type": []}, ["/type"]),
        ({"url": "https://a.example", "types": "order.placed"}, ["/types"]),
        ({"url": "https://a.example", "types": ["order.lost"]}, ["/types"]),
        ({"url": "https://a.example", "types": [[]], "enabled": 1}, ["/types", "/enabled"]),
        ({"url": "https://a.example", "description": "\n"}, ["/description"]),
    ],
)
async def test_faults_of_a_webhook_are_listed(ask: Ask, body: Any, faults: list[str]) -> None:
    assert faults_of(await ask("POST", WEBHOOKS, body, status=422)) == faults
    assert await ask("GET", WEBHOOKS) == {"webhooks": []}


async def test_a_merchant_has_at_most_fifty(ask: Ask) -> None:
    new = {"url": "https://shop.example/", "enabled": False}
    for _ in range(50):
        await ask("POST", WEBHOOKS, new, status=201)
    assert "at most 50" in (await ask("POST", WEBHOOKS, new, status=409))["detail"]


async def test_events_are_read_by_cursor(ask: Ask) -> None:
    nothing = await ask("GET", "/events/v1/events")
    assert nothing == {
        "events": [], "next_cursor": write_cursor(0), "has_more": False, "recording": False
    }  # fmt: skip
    await ask("PUT", "/events/v1/recording", {"recording": True})
    await ask("POST", "/checkout/v1/orders", ORDER, status=201)
    page = await ask("GET", "/events/v1/events", cursor=nothing["next_cursor"])
    [event] = page["events"]
    assert (event["type"], event["version"]) == ("order.placed", 1)
    assert event["data"]["order"]["total"] == "10.00"
    last = await ask("GET", "/events/v1/events", cursor=page["next_cursor"])
    assert (last["events"], last["next_cursor"]) == ([], page["next_cursor"])
    await ask("PATCH", "/checkout/v1/orders/A-1", {"status": "paid"})
    new = await ask("GET", "/events/v1/events", cursor=page["next_cursor"])
    assert [one["type"] for one in new["events"]] == ["order.paid"]
    paid = await ask("GET", "/events/v1/events", types="order.paid,order.deleted", limit="5")
    assert paid["events"] == new["events"]
    assert await ask("GET", "/events/v1/events", since="2026-01-01T00:00:00+00:00")
    gone = await ask("GET", "/events/v1/events", cursor=write_cursor(99), status=410)
    assert gone["oldest_cursor"] == write_cursor(0)


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ({"cursor": "?"}, ["/cursor"]),
        ({"since": "yesterday", "limit": "0"}, ["/since", "/limit"]),
        ({"cursor": write_cursor(0), "since": "2026-01-01T00:00:00Z"}, ["/since"]),
        ({"types": "order.lost"}, ["/types"]),
        ({"type": "order.paid"}, ["/type"]),
    ],
)
async def test_faults_of_a_query_are_listed(ask: Ask, query: Any, faults: list[str]) -> None:
    problem = await ask("GET", "/events/v1/events", status=422, **query)
    assert faults_of(problem) == faults


async def test_a_test_a_replay_and_a_delivery_show_request_and_answer(
    ask: Ask, receiver: Receiver
) -> None:
    created = await ask("POST", WEBHOOKS, {"url": receiver.url}, status=201)
    path = f"{WEBHOOKS}/{created['id']}"
    receiver.answer = 500
    tested = await ask("POST", f"{path}/test")
    receiver.received[0].verify(created["secret"])
    assert (tested["state"], tested["last_status"]) == ("dead", 500)
    assert tested["request"]["body"]["type"] == "webhook.test"
    assert tested["answers"][0]["body"] == "answer 500"
    await ask("POST", "/checkout/v1/orders", ORDER, status=201)
    since = {"since": "2026-01-01T00:00:00+00:00"}
    assert await ask("POST", f"{path}/replay", since, status=202) == {"replayed": 1}
    listed = await ask("GET", f"{path}/deliveries", state="waiting")
    assert [one["type"] for one in listed["deliveries"]] == ["order.placed"] * 2
    first = await ask("GET", f"{path}/deliveries", limit="1")
    rest = await ask("GET", f"{path}/deliveries", cursor=first["next_cursor"])
    assert len(rest["deliveries"]) == 2
    delivery = f"{path}/deliveries/{first['deliveries'][0]['id']}"
    details = await ask("GET", delivery)
    assert details["request"]["body"]["data"]["order"]["order_id"] == "A-1"
    assert details["answers"] == []
    resent = await ask("POST", f"{delivery}/resend", status=202)
    assert resent["id"] > first["deliveries"][0]["id"]
    await ask("POST", f"{path}/deliveries/{tested['id']}/resend", status=404)
    await ask("GET", f"{path}/deliveries/999999999", status=404)
    await ask("POST", f"{path}/replay", {"since": "now"}, status=422)
    await ask("GET", f"{path}/deliveries", state="lost", status=422)
