"""The story of docs/subscriptions.md, from the new code to the discount after its deletion."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.trust.manuals import serve

PAGE: Final = (Path(__file__).parents[2] / "docs" / "subscriptions.md").read_text()
NOW: Final = datetime(2026, 12, 3, 10, tzinfo=UTC)


def bodies() -> list[dict[str, Any]]:
    """The four bodies of the story: create, schedule, apply, quote."""
    story = PAGE.split("\n## A story")[1].split("\n## ")[0]
    texts = re.findall(r"-d '\n(\{.*?\})'$|^```json\n(\{.*?\})\n```$", story, re.M | re.S)
    return [json.loads(shell or shown) for shell, shown in texts]


async def test_the_story_happens_as_the_page_says(
    create_database: Callable[[], str], tokens: Tokens
) -> None:
    create, schedule, apply, quote = bodies()
    database = await Database.open(create_database())
    caller = await create_caller(database)
    async with serve(database, tokens, lambda: NOW) as client:
        client.headers["Authorization"] = f"Bearer {tokens.issue(caller, NOW)}"
        created = await client.post("/promotion/v1/promotions", json=create)
        at = f"/promotion/v1/promotions/{created.json()['data']['id']}"

        planned = (await client.post(f"{at}/_schedule", json=schedule)).json()["data"]
        assert planned["valid"] is False
        assert planned["lastOrderNumber"] == 18
        try_out, every_sixth = (
            dict.fromkeys("123", "8.99"),
            dict.fromkeys(["6", "12", "18"], "3.00"),
        )
        assert discounts(planned) == try_out | every_sixth

        await client.patch(at, json={"enabled": True})
        applied = await client.post("/promotion/v1/promotion-codes/_apply", json=apply)
        application_id = applied.json()["meta"]["applicationId"]
        await client.patch(at, json={"rules": [{"effect": percent("20")}]})
        await client.delete(at)

        [code] = quote["subscription"]["codes"]
        code["application_id"] = application_id
        assert (await client.post("/checkout/v1/quotes", json=quote)).json()["discount"] == "8.99"
        quote["subscription"]["order_number"] = 6
        assert (await client.post("/checkout/v1/quotes", json=quote)).json()["discount"] == "3.00"


def percent(amount: str) -> dict[str, str]:
    return {"effectType": "PERCENTAGE_DISCOUNT", "amount": amount}


def discounts(planned: dict[str, Any]) -> dict[str, str]:
    """What takes effect on each order, by the order's number."""
    return {
        str(order["orderNumber"]): rule["discount"]
        for order in planned["orders"]
        for rule in order["rules"]
        if rule["applied"]
    }
