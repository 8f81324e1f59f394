"""`sconto user invite`, `reset` and `email`."""

import json

import pytest

from sconto.operations.password_links import use_link
from sconto.store.database import Database
from tests.builders import NOON
from tests.cli.conftest import Ended, Sconto, on_terminal
from tests.cli.test_people import listed, signs_in
from tests.operations.cheap_passwords import CHEAP
from tests.operations.test_people import PASSWORD, a_name
from tests.post_office import post_office, text_of


async def test_a_user_is_invited_and_reset_by_links(
    sconto: Sconto, database: Database, merchant_name: str
) -> None:
    name = a_name()
    made = await sconto("user", "invite", name, "--merchant", merchant_name, "--role", "viewer")
    assert (made.code, made.err) == (0, "")
    link = made.out.rstrip("\n")
    assert link.startswith("http://127.0.0.1:8000/portal/password/")
    assert (await listed(sconto, name))["invited"] is True
    await use_link(database, link.rpartition("/")[2], PASSWORD, NOON, passwords=CHEAP)
    assert await signs_in(database, name, PASSWORD)
    assert (await listed(sconto, name))["invited"] is False
    reset = (await sconto("user", "reset", name)).out.rstrip("\n").rpartition("/")[2]
    await use_link(database, reset, "another password", NOON, passwords=CHEAP)
    assert await signs_in(database, name, "another password")


async def test_a_link_is_sent_to_the_address_of_the_user(
    sconto: Sconto, merchant_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = a_name()
    email = f"{name.rpartition(' ')[2]}@example.com"
    invite = ("user", "invite", name, "--merchant", merchant_name, "--email", email)
    monkeypatch.setenv("SCONTO_PUBLIC_URL", "https://sconto.example.com/")
    monkeypatch.setenv("SCONTO_SMTP_FROM", "sconto@example.com")
    with post_office() as office:
        monkeypatch.setenv("SCONTO_SMTP_URL", office.url)
        made = await sconto(*invite)
    assert made.err == f"The link was sent to {email}.\n"
    assert made.out.startswith("https://sconto.example.com/portal/password/")
    assert made.out.rstrip("\n") in text_of(office.mails[0])
    failed = await sconto("user", "reset", name)
    assert failed.code == 0
    assert "could not be sent" in failed.err


async def test_an_address_is_set_and_taken_away(sconto: Sconto, merchant_name: str) -> None:
    name = a_name()
    await sconto("user", "invite", name, "--merchant", merchant_name)
    ended = await sconto("user", "email", name, "ada@example.com")
    assert ended == Ended(0, f"{name} has the address ada@example.com.\n", "")
    assert (await listed(sconto, name))["email"] == "ada@example.com"
    other = await sconto(
        "user", "invite", a_name(), "--merchant", merchant_name, "--email", "Ada@example.com"
    )
    assert other.err.endswith("another user of the merchant has the address ada@example.com\n")
    assert (await sconto("user", "email", name, "ada")).err.endswith("is not an e-mail address\n")
    assert (await sconto("user", "email", name, "")).out == f"{name} has no address.\n"


async def test_a_disabled_user_gets_no_link(sconto: Sconto, merchant_name: str) -> None:
    name = a_name()
    await sconto("user", "invite", name, "--merchant", merchant_name)
    await sconto("user", "disable", name)
    refused = await sconto("user", "reset", name)
    assert refused.code == 1
    assert refused.err == f"sconto: {name} is disabled: run `sconto user enable {name}` first\n"
    assert (await sconto("user", "reset", a_name())).err.startswith("sconto: there is no user")


async def test_a_terminal_also_says_how_long_a_link_works(
    sconto: Sconto, merchant_name: str
) -> None:
    name = a_name()
    shown = await on_terminal("user", "invite", name, "--merchant", merchant_name)
    assert f"{name} sets the password there, once, until 20" in shown
    assert json.loads((await sconto("user", "list", "--json")).out)
