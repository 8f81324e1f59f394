"""What a command says where it cannot do what it was asked: one line, and exit code 1."""

from typing import NoReturn

import typer

from sconto.cli.sentences import say_problem
from sconto.domain.names import NAME_LENGTH
from sconto.domain.people import LONGEST_PASSWORD, PASSWORD_LENGTH
from sconto.domain.problems import (
    MerchantNotFound,
    NameTaken,
    NotAName,
    PasswordRefused,
    Problem,
    UserAmbiguous,
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
            text = f"the database did not do it in time: {error}"
        case DatabaseUnavailable():
            text = f"the database cannot be reached: {error}"
        case NotAName():
            text = (
                f"a name has 1 to {NAME_LENGTH} characters, is not blank, "
                "and has no control characters; that of a user has no slash"
            )
        case NameTaken(name=name):
            text = f"the name {name!r} is taken"
        case MerchantNotFound(name=name):
            text = f"there is no merchant {name!r}: see `sconto merchant list`"
        case UserNotFound(username=username):
            text = f"there is no user {username!r}: see `sconto user list`"
        case UserAmbiguous(username=username):
            text = f"several merchants have a user {username!r}: name one with --merchant"
        case PasswordRefused():
            text = f"a password has {PASSWORD_LENGTH} to {LONGEST_PASSWORD} characters"
        case Problem():
            text = say_problem(error)
        case _:
            text = str(error)
    return text
