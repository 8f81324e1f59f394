"""A demo shop in a database that a fault is about to meet."""

from sconto.api.clock import read_clock
from sconto.cli.demo_shop import open_shop
from sconto.domain.people import Caller
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import SECRET_KEY


async def open_demo(address: str) -> tuple[Caller, str]:
    """A demo shop: its admin and their token."""
    tokens = Tokens(SECRET_KEY)
    database = await Database.open(address)
    try:
        token = await open_shop(database, tokens, read_clock())
    finally:
        await database.close()
    return tokens.caller(token, read_clock()), token
