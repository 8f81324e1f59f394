"""`sconto webhook`: where a merchant's events are sent, and sending them again."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final

import typer

from sconto.api.clock import read_clock
from sconto.cli.database import ask_database
from sconto.cli.groups import command_group
from sconto.cli.options import read_time
from sconto.cli.tables import AsJson, show_table
from sconto.domain.people import command_line_caller
from sconto.domain.webhooks import Webhook
from sconto.operations import Database, people, webhooks

app: Final = command_group("Webhooks: where the events of a merchant are sent.")

Merchant = Annotated[str, typer.Option(help="The merchant's name.")]


@app.command("list")
def list_webhooks(merchant: Merchant, as_json: AsJson = False) -> None:
    """List the webhooks of a merchant. Times are in UTC."""
    found = ask_database(lambda database: _list(database, merchant))
    if as_json:
        rows = [asdict(webhook) for webhook in found]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
    else:
        show_table(("id", "state", "failing since", "types", "url"), [_row(one) for one in found])


@app.command("replay")
def replay(
    webhook_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="The webhook's id.")],
    merchant: Merchant,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Events recorded from this time on (UTC).")
    ],
) -> None:
    """Send all events again that were recorded since a time; a running service sends them."""
    begin = read_time("--since", since)
    count = ask_database(lambda database: _replay(database, merchant, webhook_id, begin))
    typer.echo(f"Events that are sent again: {count:,}")


async def _list(database: Database, merchant: str) -> Sequence[Webhook]:
    merchant_id = await people.find_merchant(database, merchant)
    return await webhooks.list_webhooks(database, command_line_caller(merchant_id))


async def _replay(database: Database, merchant: str, webhook_id: int, since: datetime) -> int:
    merchant_id = await people.find_merchant(database, merchant)
    caller = command_line_caller(merchant_id)
    return await webhooks.replay(database, caller, webhook_id, since, read_clock())


def _row(webhook: Webhook) -> Sequence[object]:
    state = "enabled" if webhook.enabled else webhook.disabled_because or "disabled"
    since = webhook.failing_since
    return (
        webhook.id,
        state,
        None if since is None else since.isoformat(timespec="seconds"),
        len(webhook.types) or "all",
        webhook.url,
    )
