"""The health of a service, as a load balancer sees it."""

import httpx
import pytest

from sconto.store.database import Database
from sconto.store.shard_map import Node


async def test_a_service_with_a_database_is_live_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "live"}
    assert (await client.get("/health/ready")).json() == {"status": "ready"}


@pytest.mark.parametrize("address", ["/health/live", "/health/ready"])
async def test_health_answers_head_like_get(client: httpx.AsyncClient, address: str) -> None:
    got, head = await client.get(address), await client.head(address)
    assert head.status_code == got.status_code == 200
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


async def test_a_node_that_does_not_answer_is_named(
    client: httpx.AsyncClient, database: Database
) -> None:
    node = Node(3, "10.0.0.3", 5432, 1)
    database.nodes.note_silent(node, OSError("Connection refused"))
    try:
        answer = await client.get("/health/ready")
    finally:
        database.nodes.note_answer(node)
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "silent_nodes": ["10.0.0.3:5432"]}
