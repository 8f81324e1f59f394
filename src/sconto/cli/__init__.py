"""The `sconto` command."""

from typing import Any, Final

import typer
from typer.core import TyperGroup

from sconto.cli import codes, people, products
from sconto.cli.check import check
from sconto.cli.demo import demo
from sconto.cli.demo_shop import DemoLocked
from sconto.cli.migrate import migrate
from sconto.cli.prove import NotProvable, prove
from sconto.cli.refusals import explain, refuse
from sconto.cli.restored import restored
from sconto.cli.serve import AddressUnavailable, serve
from sconto.domain.problems import Problem
from sconto.settings import SettingError
from sconto.store.database import DatabaseUnavailable
from sconto.store.embedded import EmbeddedError, EmbeddedUnavailable
from sconto.store.schema import MigrationFailed, SchemaMismatch

_EXPLAINED: Final = (
    AddressUnavailable,
    DatabaseUnavailable,
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


class Commands(TyperGroup):
    """Commands whose errors are one line on standard error."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was typed."""
        try:
            return super().invoke(ctx)
        except _EXPLAINED as error:
            refuse(explain(error))


app: Final = typer.Typer(
    name="sconto",
    cls=Commands,
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
app.command()(restored)
app.add_typer(products.app, name="product")
app.add_typer(codes.app, name="code", no_args_is_help=True)
app.add_typer(people.merchants, name="merchant", no_args_is_help=True)
app.add_typer(people.users, name="user", no_args_is_help=True)
