"""`sconto migrate`: updates the database to the newest schema."""

import typer

from sconto.cli.database import bring_up_to_date, running_database
from sconto.settings import Settings


def migrate() -> None:
    """Update the database to the newest schema.

    A database that is up to date is not changed.
    """
    with running_database(Settings.read()) as url:
        bring_up_to_date(url)
    typer.echo("The database has the newest schema.")
