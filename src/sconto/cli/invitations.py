"""`sconto user invite`, `reset` and `email`: links with which users set their passwords."""

import sys
from datetime import datetime
from typing import Annotated

import typer

from sconto.api.clock import read_clock
from sconto.api.people.letters import send_link
from sconto.cli.database import ask_database
from sconto.domain.password_links import PasswordLink
from sconto.domain.people import Role, command_line_caller
from sconto.operations import Database, password_links, people, users
from sconto.operations.password_links import NewUser
from sconto.settings import Settings

DEFAULT_ADDRESS = "http://127.0.0.1:8000"
"""Where `sconto serve` listens by default."""

Username = Annotated[str, typer.Argument(help="The user's name.")]
MerchantOfUser = Annotated[
    str | None,
    typer.Option("--merchant", help="Needed if several merchants have a user of this name."),
]


def invite_user(
    username: Annotated[str, typer.Argument(help="A name that no other user of the merchant has.")],
    merchant: Annotated[str, typer.Option(help="The name of the user's merchant.")],
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.ADMIN,
    email: Annotated[
        str | None, typer.Option(help="Where the link is sent to, if a mail server is set.")
    ] = None,
) -> None:
    """Create a user who sets the password with a link: once, within seven days.

    Prints the link. Without SCONTO_PUBLIC_URL it begins with http://127.0.0.1:8000.
    """
    now, new = read_clock(), NewUser(username, role, email)
    _tell(ask_database(lambda database: _invite(database, merchant, new, now)))


def reset_password(username: Username, merchant: MerchantOfUser = None) -> None:
    """Make a link with which a user sets another password: once, within a day."""
    now = read_clock()
    _tell(ask_database(lambda database: _reset(database, username, merchant, now)))


def set_email(
    username: Username,
    email: Annotated[str, typer.Argument(help="The address; '' takes it away.")],
    merchant: MerchantOfUser = None,
) -> None:
    """Set the e-mail address of a user, to which links are sent."""
    ask_database(lambda database: _set_email(database, username, merchant, email))
    typer.echo(f"{username} has {f'the address {email}' if email.strip() else 'no address'}.")


async def _invite(
    database: Database, merchant: str, new: NewUser, now: datetime
) -> tuple[PasswordLink, str, bool]:
    caller = command_line_caller(await people.find_merchant(database, merchant))
    return await _send(await password_links.invite_user(database, caller, new, now))


async def _reset(
    database: Database, username: str, merchant: str | None, now: datetime
) -> tuple[PasswordLink, str, bool]:
    user = await people.find_named_user(database, username, merchant)
    caller = command_line_caller(user.merchant_id)
    return await _send(await password_links.reset_password(database, caller, user.user_id, now))


async def _set_email(database: Database, username: str, merchant: str | None, email: str) -> None:
    user = await people.find_named_user(database, username, merchant)
    caller = command_line_caller(user.merchant_id)
    await users.set_email(database, caller, user.user_id, email)


async def _send(link: PasswordLink) -> tuple[PasswordLink, str, bool]:
    settings = Settings.read()
    address = f"{settings.public_url or DEFAULT_ADDRESS}{link.path}"
    return link, address, await send_link(settings.mail, link, address)


def _tell(made: tuple[PasswordLink, str, bool]) -> None:
    """Print the link; on a terminal also what to do with it."""
    link, address, is_sent = made
    typer.echo(address)
    if sys.stdout.isatty():
        until = f"{link.expires_at:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"{link.username} sets the password there, once, until {until}.")
    if is_sent:
        typer.echo(f"The link was sent to {link.email}.", err=True)
    elif link.email is not None and Settings.read().mail is not None:
        typer.echo(f"The link could not be sent to {link.email}: pass it on.", err=True)
