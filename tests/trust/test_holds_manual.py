"""The examples of docs/holds.md, exactly as the page has them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sconto.operations.products import put_products
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.builders import a_product
from tests.conftest import create_caller
from tests.trust.manuals import check_examples, read_examples, serve

NOW: Final = datetime(2026, 11, 27, 12, 53, 2, tzinfo=UTC)


async def test_every_example_is_answered_as_the_page_shows(
    create_database: Callable[[], str], tokens: Tokens
) -> None:
    database = await Database.open(create_database())
    caller = await create_caller(database)
    await put_products(database, caller, [a_product()], NOW)
    examples = read_examples("holds.md")
    assert len(examples) >= 5
    async with serve(database, tokens, lambda: NOW) as client:
        client.headers["Authorization"] = f"Bearer {tokens.issue(caller, NOW)}"
        await check_examples(client, examples)
        for status in (204, 404):
            assert (await client.delete("/checkout/v1/holds/A-2")).status_code == status
