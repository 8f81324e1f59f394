"""Errors that a person can fix, each in one line that says what is wrong and what to do."""

from collections.abc import Sequence
from pathlib import Path

import typer

from sconto.cli.sentences import say_problem
from sconto.domain.problems import Problem
from sconto.settings import SettingError
from sconto.store.database import Busy, DatabaseUnavailable, StatementStopped
from sconto.store.embedded import EmbeddedError
from sconto.store.schema import DistributionRefused, MigrationFailed, SchemaMismatch


class CommandRefused(Exception):
    """A command cannot do what it was asked; the message says why."""


def sentence_of(error: Exception) -> str | None:
    """The line for an error; None for an error that only a change of the program can fix."""
    match error:
        case Busy() | StatementStopped():
            text = f"the database did not answer in time: {error}"
        case DatabaseUnavailable():
            text = f"the database cannot be reached: {error}"
        case CommandRefused() | EmbeddedError() | MigrationFailed():
            text = str(error)
        case DistributionRefused() | SchemaMismatch() | SettingError():
            text = str(error)
        case Problem():
            text = say_problem(error)
        case OSError(strerror=str(reason)) if not isinstance(error, BrokenPipeError):
            text = reason if error.filename is None else f"{error.filename}: {reason}"
        case _:
            return None
    return text


def show_lines(path: Path, refused: Sequence[str], total: int) -> None:
    """Print the refused lines of a file on standard error; `total` counts those not listed too."""
    for line in refused:
        typer.echo(f"{path}: {line}", err=True)
    if others := total - len(refused):
        typer.echo(f"{path}: and {others:,} more lines", err=True)
