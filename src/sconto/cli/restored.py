"""`sconto restored`: what has to be told to a database that came from a backup."""

import typer

from sconto.cli.database import ask_database
from sconto.operations import people


def restored() -> None:
    """End all sessions and tokens; run it on every database that was restored, before it serves.

    A restored database gives out ids again that the lost one had given to others.
    """
    ask_database(people.end_all_tokens)
    typer.echo("All sessions and tokens are ended; everybody signs in again.")
