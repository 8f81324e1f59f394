"""The examples of the pages about checkout, codes and history, exactly as the pages have them."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Final

import httpx
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.operations.promotions import create_promotion
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.builders import a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock
from tests.trust.manuals import check_examples, read_examples, serve

NOW: Final = datetime(2026, 11, 27, 12, 53, 2, tzinfo=UTC)
EXAMPLES: Final = {"checkout.md": 4, "codes.md": 3, "history.md": 2, "backtest.md": 1}
"""How many examples each page has at least."""


@pytest.fixture
async def shop(
    create_database: Callable[[], str], tokens: Tokens
) -> AsyncIterator[httpx.AsyncClient]:
    """A shop with a one-time code for ten percent, and five percent off everything."""
    database = await Database.open(create_database())
    caller = await create_caller(database)
    await stock(database, caller, [11111, 33333])
    ten = AllProducts(10 * PERCENT)
    by_code = a_promotion(coverage=ten, codes=("PROMO-001",), code_type=CodeType.ONE_TIME)
    automatic = a_promotion(coverage=AllProducts(5 * PERCENT))
    for new in (by_code, automatic):
        await create_promotion(database, caller, new, NOW)
    async with serve(database, tokens, lambda: NOW) as client:
        client.headers["Authorization"] = f"Bearer {tokens.issue(caller, NOW)}"
        yield client


async def test_every_example_is_answered_as_the_page_shows(shop: httpx.AsyncClient) -> None:
    for page, at_least in EXAMPLES.items():
        examples = read_examples(page)
        assert len(examples) >= at_least
        await check_examples(shop, examples)
