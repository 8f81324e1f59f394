"""`sconto database`: moves the bundled database from one version of PostgreSQL to another."""

import asyncio
import os
import subprocess
from pathlib import Path
from typing import Annotated, Final

import typer

from sconto.cli.database import answer_from, bring_up_to_date, find_version, running_database
from sconto.cli.groups import command_group
from sconto.cli.refusals import CommandRefused
from sconto.operations import people
from sconto.settings import Settings
from sconto.store.embedded.programs import find_programs

app: Final = command_group("The bundled database: dump it, and load a dump.")

DumpFile = Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False)]


class NotBundled(CommandRefused):
    """The settings name another database."""


class DumpRefused(CommandRefused):
    """PostgreSQL's program failed, or the database is not empty."""


@app.command()
def dump(file: DumpFile) -> None:
    """Write everything in the bundled database to a file, also while it serves."""
    settings = _bundled_settings()
    if file.exists():
        raise DumpRefused(f"{file} exists: name a new file")
    # It has hashes of passwords and codes.
    os.umask(0o077)
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        with running_database(settings) as url:
            _run("pg_dump", "--format=custom", f"--file={unfinished}", url)
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    typer.echo(f"{file} has the whole database.")


@app.command()
def load(file: DumpFile) -> None:
    """Fill the empty bundled database from a dump, update its schema, and end all sessions.

    The dump may be from an older version of Sconto, and of PostgreSQL.
    """
    settings = _bundled_settings()
    if not file.is_file():
        raise DumpRefused(f"{file} does not exist: name a file that `sconto database dump` wrote")
    with running_database(settings) as url:
        if asyncio.run(answer_from(url, find_version)) is not None:
            raise DumpRefused(
                f"the database in {settings.data_dir} is not empty: name a new SCONTO_DATA_DIR"
            )
        options = ["--exit-on-error", "--no-owner", "--single-transaction"]
        _run("pg_restore", *options, f"--dbname={url}", str(file))
        bring_up_to_date(url)
        asyncio.run(answer_from(url, people.end_all_tokens))
    typer.echo("The database is loaded. All sessions and tokens are ended.")


def _bundled_settings() -> Settings:
    settings = Settings.read()
    if settings.database_url is not None:
        raise NotBundled(
            "SCONTO_DATABASE_URL names another database: use its own pg_dump and pg_restore"
        )
    return settings


def _run(program: str, *arguments: str) -> None:
    """Run one of the bundled PostgreSQL's programs. Raises DumpRefused with its first message."""
    done = subprocess.run(
        [find_programs() / program, *arguments],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode != 0:
        reason = next(iter(done.stderr.splitlines()), f"it ended with {done.returncode}")
        raise DumpRefused(f"{program} failed: {reason}")
