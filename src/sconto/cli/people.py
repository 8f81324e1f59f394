"""`sconto merchant` and `sconto user`: who uses Sconto, and what they may do."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Final

import typer

from sconto.cli import invitations, merchant_moves
from sconto.cli.database import ask_database
from sconto.cli.groups import command_group
from sconto.cli.refusals import CommandRefused
from sconto.cli.tables import AsJson, show_table
from sconto.domain.people import Merchant, Role, User
from sconto.operations import people

merchants: Final = command_group("Merchants: the shops that share this Sconto.")
users: Final = command_group("Users: who signs in for a merchant, with which role.")

_READ_LIMIT: Final = 64 * 1024

Username = Annotated[str, typer.Argument(help="The user's name.")]
MerchantOfUser = Annotated[
    str | None,
    typer.Option("--merchant", help="Needed if several merchants have a user of this name."),
]
PasswordFromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@merchants.command("create")
def create_merchant(
    name: Annotated[str, typer.Argument(help="The new merchant's name.")],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the id alone.")] = False,
) -> None:
    """Create a merchant.

    On a terminal it says what it created; into a pipe or a file it prints the id alone.
    """
    merchant_id = ask_database(lambda database: people.create_merchant(database, name))
    if quiet or not sys.stdout.isatty():
        typer.echo(merchant_id)
    else:
        typer.echo(f"Created merchant {name}: id {merchant_id}")


@merchants.command("list")
def list_merchants(as_json: AsJson = False) -> None:
    """List all merchants."""
    _show(ask_database(people.list_merchants), Merchant, as_json=as_json)


merchants.command("export")(merchant_moves.export_merchant)
merchants.command("import")(merchant_moves.import_merchant)


@users.command("create")
def create_user(
    username: Annotated[str, typer.Argument(help="A name that no other user of the merchant has.")],
    merchant: Annotated[str, typer.Option(help="The name of the user's merchant.")],
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.ADMIN,
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Create a user. Asks for the password, unless --password-stdin is set."""
    password = _read_password(from_stdin=password_stdin)
    ask_database(lambda database: people.create_user(database, merchant, username, password, role))
    typer.echo(f"{username} signs in for {merchant} as {role}.")


@users.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List all users."""
    _show(ask_database(people.list_users), User, as_json=as_json)


@users.command("disable")
def disable_user(username: Username, merchant: MerchantOfUser = None) -> None:
    """Disable a user. Their sessions and tokens end within 10 seconds."""
    ask_database(
        lambda database: people.set_disabled(database, username, disabled=True, merchant=merchant)
    )
    typer.echo(f"{username} is disabled.")


@users.command("enable")
def enable_user(username: Username, merchant: MerchantOfUser = None) -> None:
    """Let a disabled user sign in again, or one who has failed to sign in too often."""
    ask_database(
        lambda database: people.set_disabled(database, username, disabled=False, merchant=merchant)
    )
    typer.echo(f"{username} is enabled.")


@users.command("password")
def change_password(
    username: Username, merchant: MerchantOfUser = None, password_stdin: PasswordFromStdin = False
) -> None:
    """Set a user's password. Their sessions and tokens end within 10 seconds."""
    password = _read_password(from_stdin=password_stdin)
    ask_database(
        lambda database: people.set_password(database, username, password, merchant=merchant)
    )
    typer.echo(f"{username} has a new password.")


@users.command("role")
def change_role(
    username: Username,
    role: Annotated[Role, typer.Argument(help="What the user may do.")],
    merchant: MerchantOfUser = None,
) -> None:
    """Set a user's role. Their sessions and tokens end within 10 seconds."""
    ask_database(lambda database: people.set_role(database, username, role, merchant=merchant))
    typer.echo(f"{username} is {role}.")


@users.command("sign-out")
def sign_out(username: Username, merchant: MerchantOfUser = None) -> None:
    """End all sessions and tokens of a user within 10 seconds."""
    ask_database(lambda database: people.sign_out_everywhere(database, username, merchant=merchant))
    typer.echo(f"{username} is signed out everywhere.")


@users.command("reset-two-factor")
def reset_two_factor(username: Username, merchant: MerchantOfUser = None) -> None:
    """Let a user who lost their phone and recovery codes sign in with the password alone.

    Their sessions and tokens end within 10 seconds.
    """
    ask_database(lambda database: people.reset_two_factor(database, username, merchant))
    typer.echo(f"{username} signs in with the password alone.")


users.command("invite")(invitations.invite_user)
users.command("reset")(invitations.reset_password)
users.command("email")(invitations.set_email)


def _read_password(*, from_stdin: bool) -> str:
    if not from_stdin:
        if not sys.stdin.isatty():
            raise CommandRefused(
                "there is no terminal to ask for the password: pipe it to --password-stdin"
            )
        password: str = typer.prompt(
            "Password", hide_input=True, confirmation_prompt=True, err=True
        )
        return password
    try:
        text = sys.stdin.buffer.read(_READ_LIMIT).decode()
    except UnicodeDecodeError:
        raise CommandRefused("the password on standard input is not UTF-8") from None
    # `echo` and editors add a line end, which is not part of the password.
    password = text.removesuffix("\n").removesuffix("\r")
    if "\n" in password:
        raise CommandRefused("standard input has more than one line; expected the password alone")
    return password


def _show(
    rows: Sequence[Merchant] | Sequence[User], kind: type[Merchant | User], *, as_json: bool
) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))
        return
    show_table([*kind.__dataclass_fields__], [[*asdict(row).values()] for row in rows])
