"""`sconto demo`: a shop to try everything with, and the lines to paste."""

import asyncio
import json
import shlex
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from importlib.util import find_spec
from typing import Any, Final

import typer

from sconto.api.clock import read_clock
from sconto.cli.database import answer_from, bring_up_to_date, running_database
from sconto.cli.demo_orders import place_earlier_orders
from sconto.cli.demo_shop import CODE, NAME, PASSWORD, open_shop
from sconto.cli.privileges import drop_privileges
from sconto.cli.refusals import CommandRefused
from sconto.cli.serve import AddressUnavailable, Port, address_of, bind, run_service
from sconto.cli.termination import terminable
from sconto.operations import Database
from sconto.operations.tokens import Tokens
from sconto.settings import Settings

_HOST: Final = "127.0.0.1"

_APPLICATION: Final = "sconto.app:create_demo_app"

_CALLER: Final = '-H "Authorization: Bearer $TOKEN"'
_JSON: Final = "-H 'Content-Type: application/json'"


def demo(port: Port = 8000) -> None:
    """Start Sconto with a demo shop, and print how to try it.

    It uses its own bundled database in the data folder, also if SCONTO_DATABASE_URL names another.
    """
    _require_client()
    settings = replace(Settings.read(), database_url=None, log_format="console")
    drop_privileges()
    # The first start takes some seconds, on a busy machine more.
    typer.echo(f"Starting PostgreSQL in {settings.data_dir} ...")
    with terminable(), _bind(port) as listener, running_database(settings) as url:
        bring_up_to_date(url)
        ready = settings.with_database(url)
        tokens, now = Tokens(*ready.secret_keys), read_clock()
        token = asyncio.run(answer_from(url, lambda database: _open(database, tokens, now)))
        # From here on connections wait for the service, so the lines may be pasted immediately.
        listener.listen()
        for line in guide(f"{address_of(listener)}{settings.base_path}", token, now):
            typer.echo(line)
        run_service(ready, listener, workers=1, app=_APPLICATION)


async def _open(database: Database, tokens: Tokens, now: datetime) -> str:
    """A token for the shop, which has earlier orders."""
    token = await open_shop(database, tokens, now)
    await place_earlier_orders(database, tokens.caller(token, now), now)
    return token


def _require_client() -> None:
    """Raise CommandRefused without httpx, which the shop's client needs."""
    if find_spec("httpx") is None:
        raise CommandRefused("the demo's shop needs httpx: install sconto[client]")


def _bind(port: int) -> socket.socket:
    try:
        return bind(_HOST, port)
    except AddressUnavailable:
        typer.echo(f"Port {port} is in use; the demo takes another one.")
        return bind(_HOST, 0)


def guide(address: str, token: str, now: datetime) -> Iterator[str]:
    """The guide for a newcomer. The `export` and `curl` lines work when they are pasted."""
    yield f"""
Sconto serves the shop {NAME!r} until Ctrl+C:

  {address}/portal
    where promotions are made: sign in as {NAME} with {PASSWORD}
  {address}/shop?code={CODE}
    a shop that uses them, opened with a code from its newsletter
  {address}/docs
    the APIs, each request with an example
  {address}/manual
    the manual

To try the APIs, paste these lines into another terminal. The token is good for 24 hours:

export TOKEN={token}

Create a promotion, price a cart, place the order, and read the promotion's statistics:
"""
    promotions = f"{address}/v1/promotion"
    yield _curl(promotions, _PROMOTION)
    yield _curl(f"{address}/checkout/v1/quotes", _CART)
    order = {"order_id": f"demo-{now:%Y%m%d-%H%M%S}", **_CART, "expected_total": _TOTAL}
    yield _curl(f"{address}/checkout/v1/orders", order)
    # The new promotion is the first of the list; its id is not known before.
    new_id = f"$(curl -s '{promotions}?limit=1' {_CALLER} | tr -cd 0-9)"
    yield f'curl -s {promotions}/statistics {_CALLER} {_JSON} -d "{{\\"id\\": {new_id}}}"\n'


def _curl(url: str, body: dict[str, Any]) -> str:
    """A line for any shell that has the token in `TOKEN`."""
    return f"curl -s {url} {_CALLER} {_JSON} -d {shlex.quote(json.dumps(body))}\n"


_PROMOTION: Final = {
    "promotion_type": "coupon",
    "promotion_name": "Black Friday",
    "coupons": {
        "coupon_code": ["PROMO-001", "PROMO-002"],
        "products": [
            {"product_id": 11111, "discount_percent": "10"},
            {"product_id": 22222, "discount_percent": "20"},
        ],
    },
}

_CART: Final = {
    "currency": "EUR",
    "lines": [
        {"line_id": "1", "product_id": 11111, "quantity": 2, "unit_price": "19.99"},
        {"line_id": "2", "product_id": 22222, "quantity": 1, "unit_price": "64.50"},
    ],
    "codes": ["PROMO-001"],
}

_TOTAL: Final = "87.58"
"""The total of the quote: 10 % off the mugs, 20 % off the teapot."""
