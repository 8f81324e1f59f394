"""`sconto merchant export` and `import`: move a merchant from one Sconto to another."""

import asyncio
import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, cast

import typer

from sconto.cli.check import show_checked
from sconto.cli.database import answer_from, bring_up_to_date, require_schema, running_database
from sconto.cli.refusals import CommandRefused
from sconto.operations import Database
from sconto.operations.check import check
from sconto.settings import Settings
from sconto.store.schema import MoveRefused

File = Annotated[Path, typer.Argument(help="A file; `.gz` at its end compresses it.")]


def export_merchant(
    name: Annotated[str, typer.Argument(help="The name of the merchant.")], file: File
) -> None:
    """Write all rows of a merchant to a file, for another Sconto.

    First stop the merchant's requests, at the router or proxy in front of Sconto. If rows are
    written during the export, it is refused. The merchant stays here unchanged.
    """
    # The library for this takes longer to import than the other commands of merchants.
    from sconto.store.merchant_rows import export_merchant as write  # noqa: PLC0415

    if file.exists():
        raise CommandRefused(f"{file}: the file already exists")
    part = file.with_name(f"{file.name}.part")
    try:
        with (
            running_database(Settings.read()) as url,
            _refusing(),
            _opened(part, file, "wb") as out,
        ):
            require_schema(url)
            moved = write(url, name, out)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    typer.echo(f"Wrote merchant {moved.name} (id {moved.merchant_id}): {moved.rows:,} rows.")


def import_merchant(file: File) -> None:
    """Load a merchant that another Sconto wrote to a file, then check it.

    All or nothing. It is refused if an id or the name is taken, or the versions differ. Ends with
    status 1 if the merchant's records contradict each other.
    """
    from sconto.store.merchant_rows import import_merchant as load  # noqa: PLC0415 - see above

    with running_database(Settings.read()) as url:
        with _refusing(), _opened(file, file, "rb") as source:
            bring_up_to_date(url)
            moved = load(url, source)
        typer.echo(f"Loaded merchant {moved.name} (id {moved.merchant_id}): {moved.rows:,} rows.")
        if not _is_sound(url, moved.merchant_id):
            raise typer.Exit(1)


def _is_sound(url: str, merchant_id: int) -> bool:
    async def compare(database: Database) -> bool:
        kept = True
        async for checked in check(database, merchant_id):
            if checked.violations:
                show_checked(checked)
                kept = False
        return kept

    return asyncio.run(answer_from(url, compare))


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except MoveRefused as error:
        raise CommandRefused(str(error)) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CommandRefused(f"the file was cut off or changed: {error}") from error


@contextmanager
def _opened(path: Path, named: Path, mode: str) -> Iterator[IO[bytes]]:
    with open(path, mode, opener=_open_for_owner) as raw:
        if named.suffix == ".gz":
            with gzip.open(cast("IO[bytes]", raw), mode) as packed:
                yield cast("IO[bytes]", packed)
        else:
            yield cast("IO[bytes]", raw)


def _open_for_owner(path: str, flags: int) -> int:
    """Open a new file only for its owner: it has secrets of webhooks and hashes of passwords."""
    return os.open(path, flags, 0o600)
