"""The examples of docs/returns.md, exactly as the page has them."""

from collections.abc import Callable

from sconto.api.clock import read_clock
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.trust.manuals import check_examples, read_examples, serve


async def test_every_example_is_answered_as_the_page_shows(
    create_database: Callable[[], str], tokens: Tokens
) -> None:
    database = await Database.open(create_database())
    caller = await create_caller(database)
    examples = read_examples("returns.md")
    assert len(examples) >= 7
    async with serve(database, tokens, read_clock) as client:
        client.headers["Authorization"] = f"Bearer {tokens.issue(caller, read_clock())}"
        await check_examples(client, examples)
