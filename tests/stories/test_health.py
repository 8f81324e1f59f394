"""The health of a service, as a load balancer sees it."""

import httpx
import pytest


async def test_a_service_with_a_database_is_live_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "live"}
    assert (await client.get("/health/ready")).json() == {"status": "ready"}


@pytest.mark.parametrize("address", ["/health/live", "/health/ready"])
async def test_health_answers_head_like_get(client: httpx.AsyncClient, address: str) -> None:
    got, head = await client.get(address), await client.head(address)
    assert head.status_code == got.status_code == 200
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
