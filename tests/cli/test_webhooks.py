"""`sconto webhook`."""

import json

from sconto.api.clock import read_clock
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.webhooks import NewWebhook
from sconto.operations import checkout, webhooks
from sconto.store.database import Database
from tests.builders import NOON, a_cart
from tests.cli.conftest import Ended, Sconto


async def test_webhooks_are_listed_and_events_sent_again(
    sconto: Sconto, database: Database, merchant: Caller, merchant_name: str
) -> None:
    of_merchant = ("--merchant", merchant_name)
    new = NewWebhook("https://nothing.invalid/", types=("order.placed",), enabled=False)
    created = await webhooks.create_webhook(database, merchant, new, read_clock())
    id_ = str(created.webhook.id)
    head, line = (await sconto("webhook", "list", *of_merchant)).out.splitlines()
    assert head.split() == ["id", "state", "failing", "since", "types", "url"]
    assert line.split() == [id_, "disabled", "-", "1", "https://nothing.invalid/"]
    [listed] = json.loads((await sconto("webhook", "list", *of_merchant, "--json")).out)
    assert listed["url"] == "https://nothing.invalid/"
    assert created.secret not in str(listed)

    order = NewOrder("A-1", a_cart())
    await checkout.place_order(database, merchant, order, NOON, NOON.date())
    again = await sconto("webhook", "replay", id_, *of_merchant, "--since", "2026-01-01")
    assert again == Ended(0, "Events that are sent again: 1\n", "")
    wrong = await sconto("webhook", "replay", id_, *of_merchant, "--since", "yesterday")
    assert (wrong.code, wrong.out) == (1, "")
    assert "a time is a date such as" in wrong.err
    missing = await sconto("webhook", "replay", "999999999", *of_merchant, "--since", "2026-01-01")
    assert missing == Ended(1, "", "sconto: there is no webhook 999999999\n")
