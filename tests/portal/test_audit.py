"""The audit log: its entries, its filters, pages and file, and who reads it."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from sconto.api.clock import read_clock
from sconto.domain.api_keys import NewKey
from sconto.domain.audit_list import LATEST, AuditEntry, AuditPage, AuditPlace, AuditQuery, Person
from sconto.domain.exports import ExportFilter, ExportKind
from sconto.domain.history import Subject, Verb
from sconto.domain.merchant_settings import MerchantSettings
from sconto.domain.people import Caller, Role, command_line_caller
from sconto.domain.problems import BadCredentials
from sconto.domain.retention import Purged
from sconto.domain.webhooks import NewWebhook
from sconto.operations import api_keys, audit, people, retention, users, webhooks
from sconto.operations.cart_promotions import create_promotion
from sconto.operations.exports import export_rows
from sconto.operations.settings import change_settings
from sconto.operations.tokens import Tokens
from sconto.portal.audit import ACTIONS, KINDS
from sconto.store.audit import statement_for
from sconto.store.database import Database
from tests.builders import NOON, ten_off
from tests.conftest import create_caller
from tests.operations.cheap_passwords import CHEAP, GUARD
from tests.portal.sessions import PortalClient

PASSWORD = "correct horse battery"
WRONG = "a wrong passphrase"


async def do_everything(database: Database, tokens: Tokens, caller: Caller, name: str) -> None:
    """Do one of each kind of thing that the log has."""
    promotion = msgspec.structs.replace(ten_off(), name="=Ten off")
    await create_promotion(database, caller, promotion, NOON)
    await users.add_user(database, caller, name, PASSWORD, Role.VIEWER, passwords=CHEAP)
    await api_keys.create_key(database, caller, NewKey("Till", Role.CHECKOUT), read_clock())
    new = NewWebhook("https://shop.example/hook?key=secret")
    webhook = (await webhooks.create_webhook(database, caller, new, NOON)).webhook
    await webhooks.delete_webhook(database, caller, webhook.id, NOON)
    await change_settings(database, caller, MerchantSettings(currency="JPY"))
    for password in (WRONG, PASSWORD):
        try:
            await people.sign_in(
                database, tokens, name, password, "192.0.2.9", read_clock(), guard=GUARD
            )
        except BadCredentials:
            assert password == WRONG
    wanted = ExportFilter(customer_id="c-secret")
    assert [row async for row in export_rows(database, caller, ExportKind.ORDERS, wanted)] == []
    await retention.record_purge(database, caller.merchant_id, NOON, Purged(orders=7))


@pytest.fixture
async def name(database: Database, tokens: Tokens, merchant: Caller) -> str:
    """The name of a viewer of the merchant, to whom everything happened."""
    name = f"vera-{merchant.merchant_id}"
    await do_everything(database, tokens, merchant, name)
    return name


async def test_everything_is_in_the_log_with_a_link_to_the_thing(
    name: str, portal: PortalClient, database: Database, merchant: Caller
) -> None:
    page = (await portal.get("/audit")).text
    for words in ("=Ten off", name, "Till", "https://shop.example/hook", "Sign-in failed"):
        assert words in page
    for words in ("Downloaded", "Old records purged", "192.0.2.9", "JPY"):
        assert words in page
    for secret in (PASSWORD, WRONG, "key=secret", "c-secret"):
        assert secret not in page
    found = await audit.list_entries(database, merchant, AuditQuery(50))
    for one in found.entries:
        change = one.entry.change
        if change.subject is Subject.PROMOTION:
            assert f'href="/portal/cart-promotions/{change.subject_id}"' in page
        if change.subject is Subject.API_KEY:
            assert f'href="/portal/keys/{change.subject_id}"' in page
        if change.subject is Subject.WEBHOOK:
            assert f"/webhooks/{change.subject_id}" not in page
    assert {one.entry.change.subject for one in found.entries} == set(Subject) - {
        Subject.SUBSCRIPTION_PROMOTION
    }


def test_every_kind_and_action_has_its_words() -> None:
    assert set(KINDS) == set(Subject)
    assert set(ACTIONS) == set(Verb)


async def test_filters_narrow_the_log_alone_and_together(
    name: str, portal: PortalClient, database: Database, merchant: Caller
) -> None:
    async def found(query: AuditQuery) -> list[tuple[Subject, Verb]]:
        page = await audit.list_entries(database, merchant, query)
        return [(one.entry.change.subject, one.entry.change.verb) for one in page.entries]

    every = AuditQuery(50)
    assert await found(replace(every, kind=Subject.WEBHOOK)) == [
        (Subject.WEBHOOK, Verb.DELETED),
        (Subject.WEBHOOK, Verb.CREATED),
    ]
    sign_ins = [(Subject.SIGN_IN, Verb.SIGNED_IN), (Subject.SIGN_IN, Verb.SIGN_IN_FAILED)]
    assert await found(replace(every, person=Person(name))) == sign_ins
    assert await found(replace(every, kind=Subject.USER, person=Person(name))) == []
    assert await found(replace(every, kind=Subject.SIGN_IN, person=Person(name))) == sign_ins
    assert await found(replace(every, person=Person(None))) == [(Subject.RETENTION, Verb.PURGED)]
    tomorrow = read_clock() + timedelta(days=1)
    assert await found(replace(every, since=tomorrow)) == []
    assert len(await found(replace(every, until=tomorrow))) == len(await found(every))
    page = await portal.get("/audit", kind="export", person="")
    assert ("Downloaded" in page.text, "Till" in page.text) == (True, False)
    assert "Old records purged" in (await portal.get("/audit", person="command line")).text
    assert "Nothing matches." in (await portal.get("/audit", person="nobody")).text
    for bad in ({"first": "yesterday"}, {"kind": "orders"}, {"after": "x"}, {"person": "\x00"}):
        assert (await portal.get("/audit", **bad)).status_code == 200


async def test_pages_show_each_entry_once_also_at_the_same_moment(
    name: str, database: Database, merchant: Caller
) -> None:
    whole = await audit.list_entries(database, merchant, AuditQuery(50))
    assert whole.next is None
    place: AuditPlace | None = LATEST
    seen: list[AuditEntry] = []
    while place is not None:
        page: AuditPage = await audit.list_entries(database, merchant, AuditQuery(2, place))
        seen += page.entries
        place = page.next
    assert tuple(seen) == whole.entries


async def test_the_file_has_the_filtered_entries_and_no_formula(
    name: str, portal: PortalClient
) -> None:
    answer = await portal.get("/audit.csv", kind="promotion")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-log.csv"'
    [row] = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (row["kind"], row["action"], row["name"]) == ("promotion", "created", "'=Ten off")
    assert row["after"].startswith("{")
    assert "Audit log" in (await portal.get("/audit", kind="export")).text
    faulty = await portal.get("/audit.csv", first="yesterday")
    assert faulty.headers["location"] == "/portal/audit?first=yesterday"
    whole = await portal.get("/audit.csv")
    assert len(list(csv.DictReader(io.StringIO(whole.text)))) > 9


@pytest.mark.parametrize("role", [Role.MANAGER, Role.VIEWER, Role.CHECKOUT])
async def test_only_admins_read_the_log(
    role: Role, portal_of: Callable[[Caller], PortalClient], database: Database
) -> None:
    portal = portal_of(await create_caller(database, role))
    for path in ("/audit", "/audit.csv"):
        assert (await portal.get(path)).status_code == 403


async def test_the_log_of_another_merchant_is_not_shown(
    name: str, portal_of: Callable[[Caller], PortalClient], database: Database
) -> None:
    portal = portal_of(await create_caller(database))
    assert "Nothing is recorded." in (await portal.get("/audit")).text
    assert "Nothing matches." in (await portal.get("/audit", person=name)).text


async def test_a_page_reads_as_much_of_a_long_log_as_of_a_short_one(
    database: Database, merchant: Caller
) -> None:
    """Whatever the filters: 20,000 entries of others, and a few that match."""
    rare = command_line_caller(merchant.merchant_id)
    async with database.write() as connection:
        await connection.execute(
            "INSERT INTO history (merchant_id, recorded_at, user_id, username, subject, subject_id,"
            " verb) SELECT $1, now() - n * interval '1 minute', 1,"
            " CASE n % 5000 WHEN 7 THEN 'rare' ELSE 'ada' END,"
            " CASE n % 5000 WHEN 9 THEN 'export' ELSE 'user' END, 1, 'created'"
            " FROM generate_series(1, 20000) AS n",
            rare.merchant_id,
        )
        await connection.execute("ANALYZE history")
    for query in (
        AuditQuery(20),
        AuditQuery(20, kind=Subject.EXPORT),
        AuditQuery(20, person=Person("rare")),
        AuditQuery(20, kind=Subject.EXPORT, person=Person("ada")),
        AuditQuery(20, until=read_clock() - timedelta(days=10)),
    ):
        statement, arguments = statement_for(merchant.merchant_id, query)
        async with database.read() as connection:
            answer = await connection.fetchval(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *arguments
            )
        plan = json.loads(answer)[0]["Plan"]
        assert plan["Actual Rows"] > 3
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 200, query
