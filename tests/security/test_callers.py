"""Permissions: every endpoint with every role, and with every kind of wrong token."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import httpx
import jwt
import pytest

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations.people import create_user, set_disabled, set_role
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import SECRET_KEY, create_caller
from tests.security.endpoints import PUBLIC, is_denied, operations_of, send
from tests.security.test_merchants import NOBODYS

Bearer = Callable[[Caller], dict[str, str]]

PROMOTION: Final = "/v1/promotion/{promotion_id}"
SUBSCRIPTION: Final = "/promotion/v1/promotions/{promotionId}"
HOLD: Final = "/checkout/v1/holds/{order_id}"
ORDER: Final = "/checkout/v1/orders/{order_id}"
CART_PROMOTION: Final = "/cart/v1/promotions/{promotion_id}"
START_BACKTEST: Final = "/cart/v1/promotions/_backtest"
BACKTESTS: Final = "/cart/v1/backtests"
BACKTEST: Final = f"{BACKTESTS}/{{backtest_id}}"
PRODUCT: Final = "/catalog/v1/products/{product_id}"

FOR_ADMINS: Final = {
    ("POST", "/people/v1/keys"),
    ("GET", "/people/v1/keys"),
    ("GET", "/people/v1/keys/{key_id}"),
    ("DELETE", "/people/v1/keys/{key_id}"),
    ("GET", "/people/v1/users"),
    ("POST", "/people/v1/invitations"),
    ("POST", "/people/v1/users/{user_id}/password-link"),
    ("DELETE", "/people/v1/users/{user_id}/sessions"),
    ("DELETE", "/people/v1/users/{user_id}/two-factor"),
    ("GET", "/people/v1/audit"),
}
"""What only admins may do."""

WEBHOOK: Final = "/events/v1/webhooks/{webhook_id}"
MANAGING_WEBHOOKS: Final = {
    ("PUT", "/events/v1/recording"),
    ("POST", "/events/v1/webhooks"),
    ("PATCH", WEBHOOK),
    ("DELETE", WEBHOOK),
    ("POST", f"{WEBHOOK}/secret"),
    ("POST", f"{WEBHOOK}/test"),
    ("POST", f"{WEBHOOK}/replay"),
    ("POST", f"{WEBHOOK}/deliveries/{{delivery_id}}/resend"),
}
READING_EVENTS: Final = {
    ("GET", "/events/v1/events"),
    ("GET", "/events/v1/recording"),
    ("GET", "/events/v1/webhooks"),
    ("GET", WEBHOOK),
    ("GET", f"{WEBHOOK}/deliveries"),
    ("GET", f"{WEBHOOK}/deliveries/{{delivery_id}}"),
}

REFUSED: Final = {
    Role.VIEWER: FOR_ADMINS
    | MANAGING_WEBHOOKS
    | {
        ("POST", "/checkout/v1/quotes"),
        ("POST", "/checkout/v1/orders"),
        ("PATCH", ORDER),
        ("POST", f"{ORDER}/returns"),
        ("POST", f"{ORDER}/returns/_quote"),
        ("POST", "/checkout/v1/holds"),
        ("DELETE", HOLD),
        ("POST", "/checkout/v1/prices"),
        ("POST", "/v1/promotion"),
        ("PATCH", PROMOTION),
        ("DELETE", PROMOTION),
        ("POST", f"{PROMOTION}/codes"),
        ("DELETE", f"{PROMOTION}/codes"),
        ("POST", "/promotion/v1/promotions"),
        ("PATCH", SUBSCRIPTION),
        ("DELETE", SUBSCRIPTION),
        ("POST", "/promotion/v1/promotion-codes/_apply"),
        ("PUT", "/catalog/v1/products"),
        ("DELETE", PRODUCT),
        ("POST", "/cart/v1/promotions"),
        ("PATCH", CART_PROMOTION),
        ("DELETE", CART_PROMOTION),
        ("POST", f"{CART_PROMOTION}/_restore"),
        ("POST", START_BACKTEST),
        ("DELETE", BACKTEST),
        ("POST", f"{BACKTEST}/_cancel"),
    },
    Role.CHECKOUT: FOR_ADMINS
    | MANAGING_WEBHOOKS
    | READING_EVENTS
    | {
        ("POST", "/v1/promotion"),
        ("GET", "/v1/promotion"),
        ("POST", "/v1/promotion/statistics"),
        ("GET", PROMOTION),
        ("PATCH", PROMOTION),
        ("DELETE", PROMOTION),
        ("GET", f"{PROMOTION}/codes"),
        ("POST", f"{PROMOTION}/codes"),
        ("DELETE", f"{PROMOTION}/codes"),
        ("GET", f"{PROMOTION}/history"),
        ("GET", f"{PROMOTION}/statistics/daily"),
        ("GET", "/export/v1/orders"),
        ("GET", "/export/v1/redemptions"),
        ("GET", "/export/v1/returns"),
        ("GET", "/export/v1/codes"),
        ("GET", "/promotion/v1/promotions"),
        ("POST", "/promotion/v1/promotions"),
        ("GET", SUBSCRIPTION),
        ("PATCH", SUBSCRIPTION),
        ("DELETE", SUBSCRIPTION),
        ("PUT", "/catalog/v1/products"),
        ("DELETE", PRODUCT),
        ("GET", "/cart/v1/promotions"),
        ("POST", "/cart/v1/promotions"),
        ("POST", "/cart/v1/promotions/_try"),
        ("GET", CART_PROMOTION),
        ("PATCH", CART_PROMOTION),
        ("DELETE", CART_PROMOTION),
        ("POST", f"{CART_PROMOTION}/_restore"),
        ("GET", f"{CART_PROMOTION}/statistics"),
        ("GET", f"{CART_PROMOTION}/history"),
        ("POST", START_BACKTEST),
        ("GET", BACKTESTS),
        ("GET", BACKTEST),
        ("DELETE", BACKTEST),
        ("POST", f"{BACKTEST}/_cancel"),
    },
    Role.MANAGER: FOR_ADMINS | MANAGING_WEBHOOKS,
    Role.ADMIN: set(),
}
"""What each role may not do; an admin may do everything."""


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_can_call_what_it_is_allowed_and_nothing_else(
    client: httpx.AsyncClient, database: Database, bearer: Bearer, role: Role
) -> None:
    headers = bearer(await create_caller(database, role))
    refused = {
        (method, path)
        for method, path in await operations_of(client)
        if is_denied(await send(client, method, path, NOBODYS, headers))
    }
    assert refused == REFUSED[role]


async def test_without_a_token_only_public_operations_are_open(
    client: httpx.AsyncClient,
) -> None:
    open_to_all = {
        (method, path)
        for method, path in await operations_of(client)
        if (await send(client, method, path, NOBODYS, {})).status_code != 401
    }
    assert open_to_all == PUBLIC


def encode(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def forgeries(tokens: Tokens, caller: Caller) -> dict[str, str]:
    """Tokens of an attacker who has a viewer's token and would like to be an admin."""
    now = read_clock()
    own = tokens.issue(caller, now)
    head, body, signature = own.split(".")
    claims = jwt.decode(own, options={"verify_signature": False})
    admin = claims | {"role": "admin"}
    other = "another key that is as long as it has to be to sign"
    return {
        "claims changed": f"{head}.{encode(admin)}.{signature}",
        "another key": jwt.encode(admin, other, "HS256"),
        "an empty key": f"{head}.{encode(admin)}.",
        "alg none": f"{encode({'alg': 'none', 'typ': 'JWT'})}.{encode(admin)}.",
        "alg None": f"{encode({'alg': 'None', 'typ': 'JWT'})}.{encode(admin)}.{signature}",
        "another hash": jwt.encode(admin, SECRET_KEY + b"!" * 40, "HS512"),
        "our key, another hash": jwt.encode(admin, SECRET_KEY + b"", "HS384"),
        "a key of its own": jwt.encode(admin, other, "HS256", {"jwk": {"kty": "oct", "k": "AA"}}),
        "a key's address": jwt.encode(
            admin, other, "HS256", {"jku": "http://127.0.0.1/", "kid": "1"}
        ),
        "a key's path": jwt.encode(admin, "x" * 32, "HS256", {"kid": "../../../../dev/null"}),
        "no role": jwt.encode({**claims, "role": None}, SECRET_KEY, "HS256"),
        "expired": tokens.issue(caller, now - timedelta(days=2)),
        "twice": f"{own}.{own}",
        "body alone": body,
    }


async def test_no_forged_expired_or_unsigned_token_opens_any_endpoint(
    client: httpx.AsyncClient, database: Database, tokens: Tokens
) -> None:
    viewer = await create_caller(database, Role.VIEWER)
    for method, path in await operations_of(client):
        if (method, path) in PUBLIC:
            continue
        for kind, token in forgeries(tokens, viewer).items():
            headers = {"Authorization": f"Bearer {token}"}
            answer = await send(client, method, path, NOBODYS, headers)
            assert answer.status_code == 401, f"{kind}: {method} {path}"
            assert token not in answer.text


async def test_a_refresh_token_opens_nothing(
    client: httpx.AsyncClient, server: str, database: Database
) -> None:
    merchant = await create_caller(database)
    name = f"refresher-{merchant.merchant_id}"
    async with database.read() as connection:
        shop = await connection.fetchval(
            "SELECT name FROM merchants WHERE merchant_id = $1", merchant.merchant_id
        )
    await create_user(database, shop, name, "a password of theirs", Role.ADMIN)
    async with httpx.AsyncClient(base_url=server, timeout=30) as real:
        person = {"username": name, "password": "a password of theirs"}
        signed_in = (await real.post("/v1/login_check", json=person)).json()
        for header in ("Authorization", "AuthorizationJWT"):
            sent = {header: f"Bearer {signed_in['refresh_token']}"}
            assert (await real.get("/v1/promotion", headers=sent)).status_code == 401

        # A new role or disabling the user ends their tokens within ten seconds, in both processes.
        headers = {"Authorization": f"Bearer {signed_in['token']}"}
        await until_always(real, headers, 200)
        await set_role(database, name, Role.CHECKOUT)
        await until_always(real, headers, 401)
        signed_in = (await real.post("/v1/login_check", json=person)).json()
        headers = {"Authorization": f"Bearer {signed_in['token']}"}
        await until_always(real, headers, 400)
        await set_disabled(database, name, disabled=True)
        await until_always(real, headers, 401)


async def until_always(client: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    """Ask until ten answers in a row have the status, for ten seconds at most."""
    began = time.monotonic()
    in_a_row = 0
    while in_a_row < 10:
        fresh = headers | {"Connection": "close"}
        answer = await client.get("/v1/promotion", headers=fresh)
        in_a_row = in_a_row + 1 if answer.status_code == status else 0
        assert time.monotonic() - began < 10 or in_a_row
        if not in_a_row:
            await asyncio.sleep(0.1)
