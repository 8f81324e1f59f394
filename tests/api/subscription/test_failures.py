"""Unexpected failures, in the published shape."""

from collections.abc import Callable

from sconto.domain.people import Caller
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.api.subscription.platform import Platform, details
from tests.serving import serving


async def test_an_unexpected_failure_is_500_without_details(
    create_database: Callable[[], str],
    tokens: Tokens,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    database = await Database.open(create_database(), connections=1)
    async with database.write() as connection:
        await connection.execute("DROP TABLE subscription_promotions CASCADE")
    async with serving(database, tokens) as client:
        platform = Platform(client, bearer(merchant))
        answer = await platform.ask("GET", "/promotions")
    await database.close()
    assert details(answer, 500) == ["Something went wrong on our side."]
    assert answer.json()["errors"][0]["title"] == "Internal Server Error"
