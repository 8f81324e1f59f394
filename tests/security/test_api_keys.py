"""API keys in both processes of a service: new ones work, revoked ones are refused within 10 s."""

from functools import partial

import httpx

from sconto.api.clock import read_clock
from sconto.domain.api_keys import NewKey
from sconto.domain.people import Caller, Role
from sconto.operations.api_keys import create_key, revoke_key
from sconto.store.database import Database
from tests.security.test_sessions import status_of_api, until_always


async def test_a_new_key_works_immediately_and_a_revoked_one_ends_in_all_processes(
    server: str, database: Database, merchant: Caller
) -> None:
    """The key is created and revoked by a third process, which tells the other two nothing."""
    async with httpx.AsyncClient(base_url=server, timeout=30) as client:
        new = NewKey("till", Role.VIEWER)
        key, text = await create_key(database, merchant, new, read_clock())
        # Each request has a connection of its own, so both processes get some.
        statuses = {await status_of_api(client, text) for _ in range(12)}
        assert statuses == {200}
        await revoke_key(database, merchant, key.id, read_clock())
        await until_always(partial(status_of_api, client, text), 401)
