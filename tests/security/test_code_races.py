"""A code of two-factor sign-in, sent many times together to a service of two processes."""

import asyncio
import base64
from collections import Counter

import httpx

from sconto.api.clock import read_clock
from sconto.domain.people import Role
from sconto.operations import people, two_factor
from sconto.operations.sessions import list_sessions
from sconto.operations.tokens import Tokens
from sconto.portal.csrf import FIELD, VISITOR_COOKIE, token_for
from sconto.portal.sign_in import HALF_COOKIE
from sconto.store import second_factors
from sconto.store.database import Database
from tests.operations.cheap_passwords import CHEAP
from tests.operations.codes_by_time import code_at
from tests.operations.test_people import PASSWORD, a_name

TOGETHER = 10
SECRET = b"twenty bytes of them"


async def test_of_many_uses_of_a_code_in_two_processes_one_gets_in(
    server: str, database: Database, tokens: Tokens
) -> None:
    shop, name = a_name(), a_name()
    await people.create_merchant(database, shop)
    await people.create_user(database, shop, name, PASSWORD, Role.VIEWER, passwords=CHEAP)
    user = await people.find_named_user(database, name)
    sealed = two_factor._sealed(tokens.keyring, user.merchant_id, user.user_id, SECRET)
    async with database.write() as connection:
        await second_factors.insert_factor(connection, sealed, read_clock(), 0)
    form = {FIELD: token_for("me"), "username": name, "password": PASSWORD}
    visitor = {VISITOR_COOKIE: "me"}
    async with httpx.AsyncClient(base_url=f"{server}/portal", cookies=visitor) as client:
        answer = await client.post("/sign-in", data=form)
    assert answer.headers["location"].startswith("/portal/sign-in/code")
    half = answer.cookies[HALF_COOKIE].strip('"')
    code = code_at(base64.b32encode(SECRET).decode(), read_clock())

    async def send() -> int:
        # Each on a connection of its own, so that both processes get some.
        cookies = {**visitor, HALF_COOKIE: half}
        async with httpx.AsyncClient(base_url=f"{server}/portal", cookies=cookies) as client:
            sent = await client.post("/sign-in/code", data={FIELD: token_for("me"), "code": code})
        return sent.status_code

    assert Counter(await asyncio.gather(*(send() for _ in range(TOGETHER)))) == {
        303: 1,
        401: TOGETHER - 1,
    }
    assert len(await list_sessions(database, user, read_clock())) == 1
