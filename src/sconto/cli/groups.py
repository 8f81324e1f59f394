"""Groups of commands, such as `sconto code`."""

import typer


def command_group(about: str) -> typer.Typer:
    """A group of commands, which shows its help if no command is named."""
    return typer.Typer(
        help=about, no_args_is_help=True, add_completion=False, rich_markup_mode=None
    )
