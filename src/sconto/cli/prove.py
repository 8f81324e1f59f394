"""`sconto prove`: attacks a running Sconto, then checks that it kept its promises."""

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import Annotated, Final

import typer

from sconto.cli.check import show_checked
from sconto.cli.database import require_schema, running_database
from sconto.cli.prove_attacks import ATTACKS
from sconto.cli.prove_cart_attacks import CART_ATTACKS
from sconto.cli.prove_hold_attacks import HOLD_ATTACKS
from sconto.cli.prove_http import NoAnswer, Request, Service, overlapping
from sconto.cli.prove_return_attacks import RETURN_ATTACKS
from sconto.cli.prove_shop import PRODUCTS, Attack, PromiseBroken, Shop, compare_with_stored
from sconto.cli.refusals import CommandRefused
from sconto.domain.people import Role
from sconto.domain.problems import UserNotFound
from sconto.operations import Database, people
from sconto.operations.check import check
from sconto.settings import Settings

_WORKERS: Final = "2"
_STOP_TIMEOUT: Final = 60

_ALL_ATTACKS: Final = {**ATTACKS, **CART_ATTACKS, **RETURN_ATTACKS, **HOLD_ATTACKS}

_SERVE: Final = "from sconto.cli import app; app()"


@dataclass(slots=True)
class Tried:
    """How often something was tried, and how often together with another attempt."""

    attempts: int = 0
    overlapping: int = 0
    broken: str | None = None


def prove(
    seconds: Annotated[int, typer.Option(min=1, help="How long to attack, in seconds.")] = 30,
    clients: Annotated[
        int, typer.Option(min=2, max=256, help="How many clients race each other.")
    ] = 32,
    url: Annotated[
        str | None,
        typer.Option(help="A running Sconto on the same database; without it, one is started."),
    ] = None,
) -> None:
    """Attack a running Sconto with racing clients; then check it.

    The clients of two scratch merchants race each other on codes, limits, order ids and retries.
    One of the merchants makes holds. Then their answers are compared with the database. Ends with
    status 1 if a promise was broken, and names the first violation. The scratch merchants stay in
    the database; their users are disabled.
    """
    settings = Settings.read()
    settings.require_secret_key()
    with running_database(settings) as database_url:
        if url is not None:
            require_schema(database_url)
        with _service(settings.with_database(database_url), url) as address:
            kept = asyncio.run(_prove(database_url, Service(address), seconds, clients))
    if not kept:
        raise typer.Exit(1)


@contextmanager
def _service(settings: Settings, url: str | None) -> Iterator[str]:
    """The address of the service to attack. If the service is started here, it is stopped again."""
    if url is not None:
        yield url.rstrip("/")
        return
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, "serve", "--port", "0", "--workers", _WORKERS],
        env=os.environ | settings.as_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        line = "" if process.stdout is None else process.stdout.readline()
        _, found, address = line.strip().partition("listens on ")
        if not found:
            raise CommandRefused("Sconto does not start: see what `sconto serve` says")
        yield address
    finally:
        process.terminate()
        process.wait(_STOP_TIMEOUT)


async def _prove(database_url: str, service: Service, seconds: int, clients: int) -> bool:
    database = await Database.open(database_url, connections=2)
    try:
        return await _prove_on(database, service, seconds, clients)
    finally:
        await database.close()


async def _prove_on(database: Database, service: Service, seconds: int, clients: int) -> bool:
    """Whether every promise was kept."""
    name = f"sconto-prove-{secrets.token_hex(6)}"
    names = name, f"{name}-holds"
    merchant_ids = [await people.create_merchant(database, one) for one in names]
    shop, holding = Shop(service, clients), Shop(Service(service.url), clients)
    try:
        for one, opened in zip(names, (shop, holding), strict=True):
            await _open_shop(database, opened, one)
        typer.echo(f"{clients} clients attack {service.url} as {name} for {seconds} s\n")
        tried = await _attack(shop, holding, seconds)
    finally:
        for one in names:
            with suppress(UserNotFound):
                await people.set_disabled(database, one, disabled=True)
    _show(tried)
    kept = all(one.broken is None for one in tried.values())
    found = [[one async for one in check(database, id_)] for id_ in merchant_ids]
    for of_shop, of_holding in zip(*found, strict=True):
        checked = replace(of_shop, violations=[*of_shop.violations, *of_holding.violations])
        show_checked(checked)
        kept = kept and not checked.violations
    return kept


async def _open_shop(database: Database, shop: Shop, name: str) -> None:
    """A user who has signed in, and products."""
    password = secrets.token_urlsafe(24)
    await people.create_user(database, name, name, password, Role.ADMIN)
    asked = Request("POST", "/v1/login_check", {"username": name, "password": password})
    try:
        # An address where nothing listens fails immediately; a slow service has 30 seconds.
        await shop.service.require_connection()
        answer = await shop.service.ask(asked)
    except NoAnswer:
        raise CommandRefused(f"{shop.service.url} does not answer") from None
    if answer.status != 200:
        raise CommandRefused(
            f"{shop.service.url} does not know a new user: it has another database"
        )
    shop.service.headers["AuthorizationJWT"] = f"Bearer {answer.body['token']}"
    products = [
        {"product_id": one, "name": "Proof", "price": "10.00", "currency": "EUR"}
        for one in PRODUCTS
    ]
    await shop.ask("PUT", "/catalog/v1/products", {"products": products})


async def _attack(shop: Shop, holding: Shop, seconds: int) -> dict[str, Tried]:
    """Make each attack until the time is over or its promise is broken, and at least once.

    Attacks on holds use the second shop.
    """
    deadline = monotonic() + seconds
    tried = {name: Tried() for name in _ALL_ATTACKS}
    rounds = 0
    while rounds == 0 or (
        monotonic() < deadline and any(one.broken is None for one in tried.values())
    ):
        for name, attack in _ALL_ATTACKS.items():
            if rounds and monotonic() >= deadline:
                break
            if tried[name].broken is None:
                attacked = holding if name in HOLD_ATTACKS else shop
                await _try(attacked, attack, tried[name])
        rounds += 1
    comparison = tried.setdefault("answers compared with the database", Tried())
    try:
        for one in (shop, holding):
            comparison.attempts += len(one.answered.orders) + len(one.answered.applications)
            await compare_with_stored(one)
    except PromiseBroken as broken:
        comparison.broken = str(broken)
    return tried


async def _try(shop: Shop, attack: Attack, tried: Tried) -> None:
    try:
        answers = await attack(shop)
    except (PromiseBroken, NoAnswer) as broken:
        tried.attempts += shop.clients
        tried.broken = str(broken)
        return
    tried.attempts += len(answers)
    tried.overlapping += overlapping(answers)


def _show(tried: dict[str, Tried]) -> None:
    typer.echo(f"{'':6}  {'':36}{'attempts':>10}{'together':>10}")
    for name, one in tried.items():
        verdict = "held" if one.broken is None else "BROKEN"
        typer.echo(f"{verdict:6}  {name:36}{one.attempts:>10,}{one.overlapping:>10,}")
        if one.broken is not None:
            typer.echo(f"        {one.broken}")
    typer.echo()
