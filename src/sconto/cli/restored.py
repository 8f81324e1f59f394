"""`sconto restored`: makes a database that was restored from a backup safe to serve."""

import typer

from sconto.cli.database import ask_database
from sconto.operations import people


def restored() -> None:
    """End all sessions after a backup was restored.

    Run it on every restored database before it is served. A restored database gives out ids again
    that the lost database gave to others, so an old token could belong to the wrong user.
    """
    ask_database(people.end_all_tokens)
    typer.echo("All sessions and tokens are ended; everybody signs in again.")
