"""The `sconto` command; each of its commands is imported only when it is typed."""

from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

from sconto import __version__
from sconto.cli.loading import load_module

_FAILED: Final = 1


class _Source(NamedTuple):
    """Where a command is defined: a function, or a `typer.Typer` with more commands."""

    module: str
    attribute: str
    summary: str
    """The line in `sconto --help`: the first of the command's own help."""


COMMANDS: Final = {
    "serve": _Source("serve", "serve", "Run the service until it is told to stop."),
    "demo": _Source("demo", "demo", "Start Sconto with a demo shop, and print how to try it."),
    "migrate": _Source("migrate", "migrate", "Update the database to the newest schema."),
    "merchant": _Source("people", "merchants", "Merchants: the shops that share this Sconto."),
    "user": _Source("people", "users", "Users: who signs in for a merchant, with which role."),
    "key": _Source("keys", "app", "API keys: long-lived credentials of programs."),
    "product": _Source("products", "app", "The products of a merchant."),
    "code": _Source("codes", "app", "The codes of a promotion."),
    "promotions": _Source("promotions", "app", "A merchant's promotions as a file."),
    "import": _Source("imports", "app", "Promotions from the exports of other systems."),
    "export": _Source(
        "exports", "export", "Write orders, redemptions, returns or codes as a file."
    ),
    "webhook": _Source("webhooks", "app", "Webhooks: where the events of a merchant are sent."),
    "check": _Source("check", "check", "Check that the database's records agree with each other."),
    "prove": _Source(
        "prove", "prove", "Attack a running Sconto with racing clients; then check it."
    ),
    "purge": _Source(
        "retention",
        "purge",
        "Delete orders, history, keys and events older than an age.",
    ),
    "customer": _Source(
        "retention", "customers", "A shop's customer: a copy of what is stored, and erasing it."
    ),
    "database": _Source("bundled", "app", "The bundled database: dump it, and load a dump."),
    "distribute": _Source(
        "distribute", "distribute", "Distribute the database by merchant over a Citus cluster."
    ),
    "restored": _Source("restored", "restored", "End all sessions after a backup was restored."),
}


class Commands(TyperGroup):
    """The commands by name and summary; only the command that is typed is imported.

    Importing all of them takes half a second, most of it for libraries that only one command uses.
    """

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The typed command, with the arguments that follow it."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else _load(COMMANDS[name]), rest

    def invoke(self, ctx: Any) -> Any:
        """Run the typed command; errors that a person can fix are one line on standard error."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            # Also imported late: the list of errors needs the store.
            reason = load_module("sconto.cli.refusals").sentence_of(error)
            if reason is None:
                raise
        typer.echo(f"sconto: {' '.join(reason.split())}", err=True)
        raise typer.Exit(_FAILED)


def _load(source: _Source) -> Any:
    found = getattr(load_module(f"sconto.cli.{source.module}"), source.attribute)
    if isinstance(found, typer.Typer):
        return get_command(found)
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command()(found)
    return get_command(single)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sconto {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Promotions, codes and discounts, counted exactly."""


def _listed() -> None:
    """Stands for a command until it is typed."""


app: Final = typer.Typer(
    name="sconto",
    cls=Commands,
    help="Promotions, codes and discounts, counted exactly.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.callback()(_options)
for _name, _source in COMMANDS.items():
    app.command(_name, help=_source.summary)(_listed)
