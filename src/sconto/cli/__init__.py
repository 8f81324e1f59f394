"""The `sconto` command."""

import sys
from typing import Any, Final, NoReturn

import typer

from sconto.cli import codes, people, products
from sconto.cli.check import check
from sconto.cli.demo import demo
from sconto.cli.demo_shop import DemoLocked
from sconto.cli.migrate import migrate
from sconto.cli.prove import NotProvable, prove
from sconto.cli.serve import AddressUnavailable, serve
from sconto.domain.problems import Problem
from sconto.settings import SettingError
from sconto.store.database import DatabaseUnavailable
from sconto.store.embedded import EmbeddedError, EmbeddedUnavailable
from sconto.store.schema import MigrationFailed, SchemaMismatch

_EXPLAINED: Final = (
    AddressUnavailable,
    DemoLocked,
    EmbeddedError,
    EmbeddedUnavailable,
    MigrationFailed,
    NotProvable,
    Problem,
    SchemaMismatch,
    SettingError,
)
"""What a person can mend, or has to wait for: each says so in one line."""


class Commands(typer.Typer):
    """Commands whose errors are one line on standard error."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Run the command that was typed."""
        try:
            return super().__call__(*arguments, **options)
        except DatabaseUnavailable as error:
            _refuse(f"the database cannot be reached: {error}")
        except _EXPLAINED as error:
            _refuse(str(error))


def _refuse(reason: str) -> NoReturn:
    typer.echo(f"sconto: {' '.join(reason.split())}", err=True)
    sys.exit(1)


app: Final = Commands(
    name="sconto",
    help="Promotions, codes and discounts, counted exactly.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(serve)
app.command()(migrate)
app.command()(demo)
app.command()(check)
app.command()(prove)
app.add_typer(products.app, name="product")
app.add_typer(codes.app, name="code", no_args_is_help=True)
app.add_typer(people.merchants, name="merchant", no_args_is_help=True)
app.add_typer(people.users, name="user", no_args_is_help=True)
