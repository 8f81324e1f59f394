"""Schema 0024: existing people and history stay, and the previous version may serve meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg

from sconto.domain.audit_list import AuditQuery
from sconto.domain.merchant_settings import MerchantSettings
from sconto.domain.people import Caller, Role
from sconto.operations.audit import list_entries
from sconto.operations.sessions import list_sessions
from sconto.operations.settings import change_settings, merchant_settings
from sconto.operations.users import list_users
from sconto.store.database import Database
from sconto.store.indexes_while_serving import AUDIT_INDEXES
from sconto.store.migrate import migrate
from tests.store.older_schemas import at_schema

ADMIN = Caller(1, 1, Role.ADMIN)
NOW = datetime(2026, 11, 28, tzinfo=UTC)

MERCHANT = "INSERT INTO merchants (name) VALUES (%s)"
USER = "INSERT INTO users (merchant_id, username, role, password_hash) VALUES (1, %s, 'admin', '!')"
ENTRY = """
INSERT INTO history (merchant_id, recorded_at, user_id, username, subject, subject_id, verb)
VALUES (1, now(), 1, 'ada', 'user', 1, 'password set')
"""
CHANGE = "UPDATE users SET role = 'viewer', changed_at = clock_timestamp() WHERE username = %s"
"""Statements of the previous version."""

INDEXES = "SELECT count(*) FROM pg_indexes WHERE indexname = ANY (%s)"


async def test_existing_people_and_their_history_stay(
    create_database: Callable[[str], str],
) -> None:
    url = at_schema(create_database, "0023")
    with psycopg.connect(url, autocommit=True) as old:
        old.execute(MERCHANT, ["shop"])
        old.execute(USER, ["ada"])
        old.execute(ENTRY)
        migrate(url)
        old.execute(MERCHANT, ["another"])
        old.execute(USER, ["ben"])
        old.execute(CHANGE, ["ben"])
        old.execute(ENTRY)
        assert old.execute(INDEXES, [list(AUDIT_INDEXES)]).fetchone() == (len(AUDIT_INDEXES),)
    database = await Database.open(url)
    try:
        users = (await list_users(database, ADMIN, limit=9)).users
        assert [(user.name, user.role, user.two_factor) for user in users] == [
            ("ada", Role.ADMIN, False),
            ("ben", Role.VIEWER, False),
        ]
        page = await list_entries(database, ADMIN, AuditQuery(9))
        assert [one.name for one in page.entries] == ["ada", "ada"]
        assert await list_sessions(database, ADMIN, NOW) == []
        assert await merchant_settings(database, ADMIN) == MerchantSettings()
        await change_settings(database, ADMIN, MerchantSettings(currency="EUR"))
        assert await merchant_settings(database, Caller(2, 1, Role.ADMIN)) == MerchantSettings()
        page = await list_entries(database, ADMIN, AuditQuery(9))
        assert page.entries[0].entry.change.after == {"currency": "EUR"}
    finally:
        await database.close()
