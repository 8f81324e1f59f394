"""The demo's shop on databases that are not new."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from sconto.cli.demo_shop import NAME, open_shop
from sconto.cli.refusals import CommandRefused
from sconto.operations import people
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import SECRET_KEY


async def test_the_shop_opens_on_a_restored_database_and_not_for_a_disabled_user(
    create_database: Callable[[], str],
) -> None:
    database = await Database.open(create_database(), connections=1)
    try:
        now = datetime.now(UTC)
        await open_shop(database, Tokens(SECRET_KEY), now)
        await people.end_all_tokens(database)
        tokens = Tokens(SECRET_KEY)
        token = await open_shop(database, tokens, now)
        assert tokens.caller(token, now).merchant_id == await people.find_merchant(database, NAME)
        await people.set_disabled(database, NAME, disabled=True)
        with pytest.raises(CommandRefused, match="run `sconto user enable demo`"):
            await open_shop(database, tokens, now)
    finally:
        await database.close()
