"""`sconto demo`: a shop to try everything on, and the lines to try it with."""

import asyncio
import json
import shlex
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import typer

from sconto.api.clock import read_clock
from sconto.cli.database import answer_from, bring_up_to_date, running_database
from sconto.cli.demo_shop import CODE, NAME, PASSWORD, open_shop
from sconto.cli.privileges import drop_privileges
from sconto.cli.serve import AddressUnavailable, Port, address_of, bind, run_service
from sconto.cli.termination import terminable
from sconto.operations.tokens import Tokens
from sconto.settings import Settings

_HOST: Final = "127.0.0.1"

_APPLICATION: Final = "sconto.app:create_demo_app"

_MERCHANT_API: Final = "AuthorizationJWT"
_CHECKOUT_API: Final = "Authorization"


def demo(port: Port = 8000) -> None:
    """Start Sconto with a bundled database and a demo shop, and print how to try it."""
    # A demo never touches a database that somebody named for something else.
    settings = replace(Settings.read(), database_url=None, log_format="console")
    drop_privileges()
    with terminable(), _bind(port) as listener, running_database(settings) as url:
        bring_up_to_date(url)
        ready = settings.with_database(url)
        tokens, now = Tokens(*ready.secret_keys), read_clock()
        token = asyncio.run(answer_from(url, lambda database: open_shop(database, tokens, now)))
        # From here on connections wait for the service: the lines may be pasted at once.
        listener.listen()
        for line in guide(address_of(listener), token, now):
            typer.echo(line)
        run_service(ready, listener, workers=1, app=_APPLICATION)


def _bind(port: int) -> socket.socket:
    try:
        return bind(_HOST, port)
    except AddressUnavailable:
        typer.echo(f"Port {port} is taken, so here is another.")
        return bind(_HOST, 0)


def guide(address: str, token: str, now: datetime) -> Iterator[str]:
    """What a newcomer needs to read; the lines that begin with `curl` work when pasted."""
    yield f"""
Sconto serves the shop of {NAME!r} until Ctrl+C. The portal, where promotions are made, a shop that
uses them, opened with a code as its newsletter would, and all that programs can ask for:

  {address}/portal
  {address}/shop?code={CODE}
  {address}/docs

Sign in as {NAME} with {PASSWORD}, or use this token, which is good for 24 hours:

  {token}

Create a promotion, ask what a cart costs, place the order, and see the promotion's statistics:
"""
    created = f"{address}/v1/promotion"
    yield _curl(created, token, _MERCHANT_API, _promotion(now))
    yield _curl(f"{address}/checkout/v1/quotes", token, _CHECKOUT_API, _CART)
    order = {"order_id": f"demo-{now:%Y%m%d-%H%M%S}", **_CART, "expected_total": _TOTAL}
    yield _curl(f"{address}/checkout/v1/orders", token, _CHECKOUT_API, order)
    # The list has the latest created first; nobody knows its id before it is there.
    latest = f"curl -s -H '{_MERCHANT_API}: Bearer {token}' '{created}?limit=1' | tr -cd 0-9"
    statistics = _curl(f"{created}/statistics", token, _MERCHANT_API)
    yield f"""{statistics} -d "{{\\"id\\": $({latest})}}"\n"""


def _curl(url: str, token: str, header: str, body: dict[str, Any] | None = None) -> str:
    """A line for any shell; without a body it is to be continued."""
    line = f"curl -s {url} -H '{header}: Bearer {token}' -H 'Content-Type: application/json'"
    return line if body is None else f"{line} -d {shlex.quote(json.dumps(body))}\n"


def _promotion(now: datetime) -> dict[str, Any]:
    """The published example, for the next thirty days."""
    return {
        "promotion_type": "coupon",
        "promotion_name": "Black Friday",
        "status": True,
        "date_from": _published_time(now),
        "date_to": _published_time(now + timedelta(days=30)),
        "coupons": {
            "coupon_type": "reusable",
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
"""What the quote before the order answers: 10 % off the mugs, 20 % off the teapot."""


def _published_time(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat()
