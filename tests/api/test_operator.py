"""The operator's token, if it is set, protects figures, readiness and the manual."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest

from sconto.api.web_app import WebApp
from sconto.domain.people import Caller

TOKEN = "an-operator-token"
ADDRESSES = ("/metrics", "/health/ready", "/docs", "/openapi.json")


@pytest.fixture
def guarded(app: WebApp) -> Iterator[None]:
    """The application with that token set."""
    context = app.context
    app.context = replace(context, operator_token=TOKEN.encode())
    yield
    app.context = context


def basic(text: str) -> dict[str, str]:
    """The header with a name and a password, as a browser sends it."""
    return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("address", ADDRESSES)
async def test_with_an_operator_token_only_the_operator_sees_the_figures(
    address: str,
    client: httpx.AsyncClient,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    user = {"Authorization": bearer(merchant)["AuthorizationJWT"]}
    for headers in (
        {},
        user,
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer"},
        {"AuthorizationJWT": f"Bearer {TOKEN}"},
        {"Authorization": "Basic ="},
        basic(TOKEN),
        basic(f"{TOKEN}:"),
        basic(f"prometheus:{TOKEN}é"),
    ):
        answer = await client.get(address, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer, Basic realm=")
        assert answer.json()["detail"] == "This address is for the operator."
    for headers in ({"Authorization": f"bearer {TOKEN}"}, basic(f"prometheus:{TOKEN}")):
        assert (await client.get(address, headers=headers)).status_code == 200


@pytest.mark.usefixtures("guarded")
async def test_anyone_may_ask_whether_the_process_is_alive(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
async def test_without_an_operator_token_anyone_sees_the_figures(
    address: str, client: httpx.AsyncClient
) -> None:
    assert (await client.get(address)).status_code == 200
