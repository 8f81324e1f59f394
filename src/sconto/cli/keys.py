"""`sconto key`: the API keys with which programs call for a merchant."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Final

import typer

from sconto.api.clock import read_clock
from sconto.cli.database import ask_database
from sconto.cli.groups import command_group
from sconto.cli.tables import AsJson, show_table
from sconto.domain.api_keys import ApiKey, NewKey
from sconto.domain.people import Role, command_line_caller
from sconto.operations import Database, api_keys, people

app: Final = command_group("API keys: long-lived credentials of programs.")

_LONGEST: Final = 36_500

Merchant = Annotated[str, typer.Option(help="The merchant's name.")]
Name = Annotated[str, typer.Argument(help="The key's name, such as the program that uses it.")]


@app.command("create")
def create_key(
    name: Name,
    merchant: Merchant,
    role: Annotated[Role, typer.Option(help="What the program may do.")] = Role.CHECKOUT,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=_LONGEST, help="Days until it expires; without it, never."),
    ] = None,
) -> None:
    """Create a key and print it, once: it cannot be shown again.

    On a terminal it also says what the key is; into a pipe or a file it prints the key alone.
    """
    now = read_clock()
    new = NewKey(name, role, None if days is None else now + timedelta(days=days))
    key, text = ask_database(lambda database: _create(database, merchant, new, now))
    typer.echo(text)
    if sys.stdout.isatty():
        typer.echo(f"{key.name} calls for {merchant} as {key.role}, {_expiry(key)}.")
        typer.echo("Store the key now: it cannot be shown again.")


@app.command("list")
def list_keys(merchant: Merchant, as_json: AsJson = False) -> None:
    """List the keys of a merchant that are not revoked. Times are in UTC."""
    keys = ask_database(lambda database: _list(database, merchant))
    if as_json:
        typer.echo(
            json.dumps([asdict(key) for key in keys], ensure_ascii=False, indent=2, default=_plain)
        )
    else:
        show_table(
            ("id", "name", "role", "prefix", "created", "expires", "last used"),
            [_row(key) for key in keys],
        )


@app.command("revoke")
def revoke_key(name: Name, merchant: Merchant) -> None:
    """Revoke a key permanently, within 10 seconds in each process."""
    now = read_clock()
    ask_database(lambda database: _revoke(database, merchant, name, now))
    typer.echo(f"{name} is revoked.")


async def _create(
    database: Database, merchant: str, new: NewKey, now: datetime
) -> tuple[ApiKey, str]:
    merchant_id = await people.find_merchant(database, merchant)
    return await api_keys.create_key(database, command_line_caller(merchant_id), new, now)


async def _list(database: Database, merchant: str) -> Sequence[ApiKey]:
    merchant_id = await people.find_merchant(database, merchant)
    return await api_keys.list_keys(database, command_line_caller(merchant_id))


async def _revoke(database: Database, merchant: str, name: str, now: datetime) -> None:
    caller = command_line_caller(await people.find_merchant(database, merchant))
    key = await api_keys.find_key(database, caller, name)
    await api_keys.revoke_key(database, caller, key.id, now)


def _row(key: ApiKey) -> tuple[object, ...]:
    times = (key.created_at, key.expires_at, key.last_used_at)
    return (key.id, key.name, key.role, key.prefix, *map(_minute, times))


def _minute(instant: datetime | None) -> str:
    return "never" if instant is None else f"{instant:%Y-%m-%d %H:%M}"


def _expiry(key: ApiKey) -> str:
    return "without end" if key.expires_at is None else f"until {_minute(key.expires_at)} UTC"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
