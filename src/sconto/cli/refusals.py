"""What a command says where it cannot do what it was asked: one line, and exit code 1."""

from typing import NoReturn

import typer

from sconto.domain.names import NAME_LENGTH
from sconto.domain.people import LONGEST_PASSWORD, PASSWORD_LENGTH
from sconto.domain.problems import (
    MerchantNotFound,
    NameTaken,
    NotAName,
    PasswordRefused,
    UserNotFound,
)
from sconto.store.database import Busy, DatabaseUnavailable, StatementStopped


def refuse(reason: str) -> NoReturn:
    """Say why on standard error, and end with exit code 1."""
    typer.echo(f"sconto: {' '.join(reason.split())}", err=True)
    raise typer.Exit(1)


def explain(error: Exception) -> str:
    """What somebody at a command line reads of an error, and what to try."""
    match error:
        case Busy() | StatementStopped():
            return f"the database did not do it in time: {error}"
        case DatabaseUnavailable():
            return f"the database cannot be reached: {error}"
        case NotAName():
            return (
                f"a name has 1 to {NAME_LENGTH} characters, is not blank, "
                "and has no control characters"
            )
        case NameTaken(name=name):
            return f"the name {name!r} is taken"
        case MerchantNotFound(name=name):
            return f"there is no merchant {name!r}: see `sconto merchant list`"
        case UserNotFound(username=username):
            return f"there is no user {username!r}: see `sconto user list`"
        case PasswordRefused():
            return f"a password has {PASSWORD_LENGTH} to {LONGEST_PASSWORD} characters"
    return str(error)
