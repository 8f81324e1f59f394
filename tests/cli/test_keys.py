"""`sconto key`."""

import json

from sconto.api.clock import read_clock
from sconto.domain.api_keys import is_key
from sconto.domain.people import Caller, Role
from sconto.operations.known_keys import KnownKeys
from sconto.store.database import Database
from tests.cli.conftest import Ended, Sconto, on_terminal


async def test_a_key_is_created_listed_and_revoked(
    sconto: Sconto, database: Database, merchant: Caller, merchant_name: str
) -> None:
    of_merchant = ("--merchant", merchant_name)
    made = await sconto("key", "create", "till", *of_merchant, "--days", "30")
    assert (made.code, made.err) == (0, "")
    text = made.out.rstrip("\n")
    assert is_key(text)
    known = KnownKeys()
    await known.refresh(database)
    caller = known.caller(text, read_clock())
    assert (caller.merchant_id, caller.role) == (merchant.merchant_id, Role.CHECKOUT)
    await known.write_uses(database)

    (listed,) = json.loads((await sconto("key", "list", *of_merchant, "--json")).out)
    assert listed["id"] == caller.key_id
    assert (listed["name"], listed["role"], listed["created_by"]) == ("till", "checkout", None)
    assert listed["prefix"] == text[:16]
    assert listed["last_used_at"] is not None
    head, line = (await sconto("key", "list", *of_merchant)).out.splitlines()
    assert head.split("  ")[0] == "id"
    assert f"{text[:16]}  " in line
    assert text not in line

    again = await sconto("key", "create", "till", *of_merchant)
    assert again == Ended(1, "", "sconto: the name 'till' is taken\n")
    assert await sconto("key", "revoke", "till", *of_merchant) == Ended(0, "till is revoked.\n", "")
    missing = await sconto("key", "revoke", "till", *of_merchant)
    assert missing.code == 1
    assert missing.err == "sconto: there is no API key 'till': see `sconto key list`\n"
    assert (await sconto("key", "list", *of_merchant, "--json")).out == "[]\n"


async def test_bad_names_and_days_are_refused(sconto: Sconto, merchant_name: str) -> None:
    of_merchant = ("--merchant", merchant_name)
    assert (await sconto("key", "create", " ", *of_merchant)).err.startswith("sconto: a name has")
    assert (await sconto("key", "create", "till", *of_merchant, "--days", "0")).code == 2
    nobody = await sconto("key", "list", "--merchant", "no such merchant")
    assert nobody.err.startswith("sconto: there is no merchant")


async def test_a_terminal_also_says_what_the_key_is(sconto: Sconto, merchant_name: str) -> None:
    shown = await on_terminal("key", "create", "till", "--merchant", merchant_name)
    key, what, warning = shown.split("\r\n")[:3]
    assert is_key(key)
    assert what == f"till calls for {merchant_name} as checkout, without end."
    assert warning == "Store the key now: it cannot be shown again."
