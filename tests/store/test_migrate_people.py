"""Schema 0015: existing people stay, and the previous version may serve meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg

from sconto.domain.api_keys import NewKey
from sconto.domain.history import Subject
from sconto.domain.people import Caller, Role
from sconto.operations.api_keys import create_key, list_keys
from sconto.operations.history import list_entries_of_all
from sconto.operations.users import list_users
from sconto.store.database import Database
from sconto.store.migrate import migrate
from tests.store.older_schemas import at_schema

ADMIN = Caller(1, 1, Role.ADMIN)
NOW = datetime(2026, 11, 28, tzinfo=UTC)

USER = "INSERT INTO users (merchant_id, username, role, password_hash) VALUES (1, %s, 'admin', '!')"
ENTRY = """
INSERT INTO history (merchant_id, recorded_at, user_id, subject, subject_id, verb)
VALUES (1, now(), 1, 'user', 1, 'password set')
"""
"""Statements of the previous version."""


async def test_existing_users_and_their_history_stay_and_keys_are_added(
    create_database: Callable[[str], str],
) -> None:
    url = at_schema(create_database, "0014")
    with psycopg.connect(url, autocommit=True) as old:
        old.execute("INSERT INTO merchants (name) VALUES ('shop')")
        old.execute(USER, ["ada"])
        old.execute(ENTRY)
        migrate(url)
        old.execute(USER, ["ben"])
        old.execute(ENTRY)
    database = await Database.open(url)
    try:
        users = (await list_users(database, ADMIN, limit=9)).users
        assert [user.name for user in users] == ["ada", "ben"]
        assert len((await list_entries_of_all(database, ADMIN, Subject.USER, limit=9)).entries) == 2
        key, _ = await create_key(database, ADMIN, NewKey("till", Role.CHECKOUT), NOW)
        assert await list_keys(database, ADMIN) == [key]
        assert key.created_by == "ada"
    finally:
        await database.close()
