"""`sconto merchant` and `sconto user`: who uses Sconto, and what they may do."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sconto.cli.database import ask_database
from sconto.cli.refusals import refuse
from sconto.domain.people import Merchant, Role, User
from sconto.operations import people

merchants: Final = typer.Typer(help="Merchants: the shops that share this Sconto.")
users: Final = typer.Typer(help="Users: who signs in for a merchant, and what they may do.")

_READ_LIMIT: Final = 64 * 1024

Username = Annotated[str, typer.Argument(help="The user's name.")]
OfMerchant = Annotated[
    str | None,
    typer.Option("--merchant", help="The user's merchant, where several have a user of the name."),
]
PasswordFromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@merchants.command("create")
def create_merchant(name: Annotated[str, typer.Argument(help="A name of its own.")]) -> None:
    """Create a merchant and print its id."""
    typer.echo(ask_database(lambda database: people.create_merchant(database, name)))


@merchants.command("list")
def list_merchants(as_json: AsJson = False) -> None:
    """List all merchants."""
    _show(ask_database(people.list_merchants), Merchant, as_json=as_json)


@users.command("create")
def create_user(
    username: Annotated[str, typer.Argument(help="A name that no other user of the merchant has.")],
    merchant: Annotated[str, typer.Option(help="The name of the merchant they sign in for.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.ADMIN,
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Create a user; asks for the password unless it is piped in."""
    password = _read_password(from_stdin=password_stdin)
    ask_database(lambda database: people.create_user(database, merchant, username, password, role))
    typer.echo(f"{username} signs in for {merchant} as {role}.")


@users.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List all users."""
    _show(ask_database(people.list_users), User, as_json=as_json)


@users.command("disable")
def disable_user(username: Username, merchant: OfMerchant = None) -> None:
    """Keep a user out; their sessions and tokens end within 10 seconds."""
    ask_database(
        lambda database: people.set_disabled(database, username, disabled=True, merchant=merchant)
    )
    typer.echo(f"{username} is disabled.")


@users.command("enable")
def enable_user(username: Username, merchant: OfMerchant = None) -> None:
    """Let a user in again, also one who failed to sign in too often."""
    ask_database(
        lambda database: people.set_disabled(database, username, disabled=False, merchant=merchant)
    )
    typer.echo(f"{username} is enabled.")


@users.command("password")
def change_password(
    username: Username, merchant: OfMerchant = None, password_stdin: PasswordFromStdin = False
) -> None:
    """Give a user another password; their sessions and tokens end within 10 seconds."""
    password = _read_password(from_stdin=password_stdin)
    ask_database(
        lambda database: people.set_password(database, username, password, merchant=merchant)
    )
    typer.echo(f"{username} has a new password.")


@users.command("role")
def change_role(
    username: Username,
    role: Annotated[Role, typer.Argument(help="What they may do.")],
    merchant: OfMerchant = None,
) -> None:
    """Give a user another role; their sessions and tokens end within 10 seconds."""
    ask_database(lambda database: people.set_role(database, username, role, merchant=merchant))
    typer.echo(f"{username} is {role}.")


@users.command("sign-out")
def sign_out(username: Username, merchant: OfMerchant = None) -> None:
    """End all sessions and tokens of a user within 10 seconds."""
    ask_database(lambda database: people.sign_out_everywhere(database, username, merchant=merchant))
    typer.echo(f"{username} is signed out everywhere.")


def _read_password(*, from_stdin: bool) -> str:
    if not from_stdin:
        if not sys.stdin.isatty():
            refuse("there is no terminal to ask for the password: pipe it to --password-stdin")
        password: str = typer.prompt(
            "Password", hide_input=True, confirmation_prompt=True, err=True
        )
        return password
    try:
        text = sys.stdin.buffer.read(_READ_LIMIT).decode()
    except UnicodeDecodeError:
        refuse("the password on standard input is not UTF-8")
    # What `echo` and editors add does not belong to it.
    password = text.removesuffix("\n").removesuffix("\r")
    if "\n" in password:
        refuse("standard input has more than one line; expected the password alone")
    return password


def _show(
    rows: Sequence[Merchant] | Sequence[User], kind: type[Merchant | User], *, as_json: bool
) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))
        return
    table = Table(*kind.__dataclass_fields__)
    for row in rows:
        # A text is printed as it is; a string could have Rich's markup in it.
        table.add_row(*(Text(_cell(value)) for value in asdict(row).values()))
    Console().print(table)


def _cell(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
