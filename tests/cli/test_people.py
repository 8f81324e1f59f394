"""`sconto merchant` and `sconto user`."""

import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sconto.domain.problems import BadCredentials, TokenInvalid
from sconto.operations.people import find_merchant, find_named_user, sign_in
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from sconto.store.second_factors import SealedSecret, insert_factor
from tests.cli.conftest import Ended, Sconto, on_terminal
from tests.operations.test_people import PASSWORD, a_name
from tests.services import SCONTO

TOKENS = Tokens(b"a key that is as long as its hash, or longer")


@pytest.fixture
async def shop(sconto: Sconto) -> str:
    """The name of a new merchant."""
    name = a_name()
    assert (await sconto("merchant", "create", name)).code == 0
    return name


@pytest.fixture
async def username(sconto: Sconto, shop: str) -> str:
    """The name of a new manager, who signs in with PASSWORD."""
    name = a_name()
    create = ["user", "create", name, "--merchant", shop, "--role", "manager"]
    assert (await sconto(*create, "--password-stdin", stdin=f"{PASSWORD}\n")).code == 0
    return name


async def signs_in(database: Database, username: str, password: str) -> bool:
    now = datetime.now(UTC)
    try:
        await sign_in(database, TOKENS, username, password, "198.18.1.1", now)
    except BadCredentials:
        return False
    return True


async def listed(sconto: Sconto, username: str) -> dict[str, object]:
    users = json.loads((await sconto("user", "list", "--json")).out)
    (user,) = [user for user in users if user["name"] == username]
    return dict(user)


async def test_a_pipe_gets_the_new_merchants_id_alone(sconto: Sconto, database: Database) -> None:
    name = a_name()
    created = await sconto("merchant", "create", name)
    merchant_id = await find_merchant(database, name)
    assert created == Ended(0, f"{merchant_id}\n", "")
    merchants = json.loads((await sconto("merchant", "list", "--json")).out)
    assert {"id": merchant_id, "name": name} in merchants
    assert name in (await sconto("merchant", "list")).out


@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
async def test_a_terminal_shows_the_new_merchants_name_and_id(
    sconto: Sconto, database: Database, quiet: list[str]
) -> None:
    name = a_name()
    shown = await on_terminal("merchant", "create", name, *quiet)
    merchant_id = await find_merchant(database, name)
    expected = str(merchant_id) if quiet else f"Created merchant {name}: id {merchant_id}"
    assert shown == f"{expected}\r\n"


async def test_users_are_listed_in_columns(sconto: Sconto, shop: str, username: str) -> None:
    head, *lines = (await sconto("user", "list")).out.splitlines()
    columns = ["id", "name", "merchant", "role", "disabled", "email", "invited", "two_factor"]
    assert head.split() == columns
    [line] = [line for line in lines if username in line]
    assert re.split(" {2,}", line)[1:] == [username, shop, "manager", "no", "-", "no", "no"]
    assert line.index(shop) == head.index("merchant")


async def test_a_taken_name_is_refused_in_one_line(sconto: Sconto, shop: str) -> None:
    refused = await sconto("merchant", "create", shop)
    assert refused == Ended(1, "", f"sconto: the name {shop!r} is taken\n")


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "nul\x00", "x" * 256, "\udcff"])
async def test_an_invalid_name_is_refused_in_one_line(sconto: Sconto, name: str) -> None:
    expected = (
        "sconto: a name has 1 to 255 characters, is not blank, and has no control characters; "
        "that of a user has no slash\n"
    )
    assert await sconto("merchant", "create", name) == Ended(1, "", expected)


async def test_a_user_signs_in_with_the_piped_password(
    sconto: Sconto, database: Database, shop: str, username: str
) -> None:
    assert await signs_in(database, username, PASSWORD)
    user = await listed(sconto, username)
    assert (user["merchant"], user["role"], user["disabled"]) == (shop, "manager", False)
    assert username in (await sconto("user", "list")).out


async def test_the_default_role_is_admin(sconto: Sconto, shop: str) -> None:
    name = a_name()
    await sconto("user", "create", name, "--merchant", shop, "--password-stdin", stdin=PASSWORD)
    assert (await listed(sconto, name))["role"] == "admin"


async def test_a_password_is_asked_for_twice_and_never_shown(
    sconto: Sconto, database: Database, shop: str
) -> None:
    name = a_name()
    create = ("user", "create", name, "--merchant", shop)
    shown = await on_terminal(*create, answers=[PASSWORD, PASSWORD])
    assert shown.count("Password:") == 1
    assert shown.count("Repeat for confirmation:") == 1
    assert PASSWORD not in shown
    assert await signs_in(database, name, PASSWORD)


async def test_a_password_is_asked_for_on_a_terminal_only(sconto: Sconto, shop: str) -> None:
    refused = await sconto("user", "create", a_name(), "--merchant", shop, stdin=PASSWORD)
    expected = "there is no terminal to ask for the password: pipe it to --password-stdin"
    assert refused == Ended(1, "", f"sconto: {expected}\n")


@pytest.mark.parametrize(
    ("stdin", "reason"),
    [
        (b"7 signs", "a password has 8 to 1024 characters"),
        (b"", "a password has 8 to 1024 characters"),
        (b"x" * 100_000, "a password has 8 to 1024 characters"),
        (b"not utf-8 \xff", "the password on standard input is not UTF-8"),
        (b"one line\nanother\n", "standard input has more than one line"),
    ],
)
async def test_an_invalid_password_is_refused_in_one_line(
    sconto: Sconto, shop: str, stdin: bytes, reason: str
) -> None:
    create = ["user", "create", a_name(), "--merchant", shop, "--password-stdin"]
    refused = await sconto(*create, stdin=stdin)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith(f"sconto: {reason}")
    assert refused.err.count("\n") == 1


async def test_a_user_can_be_disabled_enabled_and_given_a_role_and_a_password(
    sconto: Sconto, database: Database, username: str
) -> None:
    assert (await sconto("user", "disable", username)).code == 0
    assert not await signs_in(database, username, PASSWORD)
    assert (await sconto("user", "enable", username)).code == 0
    assert await signs_in(database, username, PASSWORD)
    assert (await sconto("user", "role", username, "viewer")).code == 0
    assert (await listed(sconto, username))["role"] == "viewer"
    change = ["user", "password", username, "--password-stdin"]
    assert (await sconto(*change, stdin="another password\r\n")).code == 0
    assert await signs_in(database, username, "another password")
    assert not await signs_in(database, username, PASSWORD)


@pytest.mark.parametrize(
    "arguments", [["disable"], ["enable"], ["role", "viewer"], ["password", "--password-stdin"]]
)
async def test_an_unknown_user_is_named_in_one_line(sconto: Sconto, arguments: list[str]) -> None:
    command, *rest = arguments
    refused = await sconto("user", command, "nobody here", *rest, stdin=PASSWORD)
    expected = "sconto: there is no user 'nobody here': see `sconto user list`\n"
    assert refused == Ended(1, "", expected)


async def test_an_ambiguous_username_needs_the_merchant(
    sconto: Sconto, database: Database, shop: str, username: str
) -> None:
    other = a_name()
    await sconto("merchant", "create", other)
    create = ["user", "create", username, "--merchant", other, "--password-stdin"]
    assert (await sconto(*create, stdin="the other's password")).code == 0
    again = await sconto(*create, stdin="the other's password")
    assert again == Ended(1, "", f"sconto: the name {username!r} is taken\n")
    expected = f"sconto: several merchants have a user {username!r}: name one with --merchant\n"
    for command in (["disable"], ["enable"], ["role", "viewer"], ["sign-out"]):
        name, *rest = command
        refused = await sconto("user", name, username, *rest)
        assert refused == Ended(1, "", expected)
    assert (await sconto("user", "disable", username, "--merchant", other)).code == 0
    assert await signs_in(database, username, PASSWORD)
    assert not await signs_in(database, username, "the other's password")
    nobodys = await sconto("user", "enable", username, "--merchant", "no shop")
    assert nobodys.err == "sconto: there is no merchant 'no shop': see `sconto merchant list`\n"


async def test_a_user_is_signed_out_everywhere(
    sconto: Sconto, database: Database, username: str
) -> None:
    tokens = Tokens(b"x" * 32)
    now = datetime.now(UTC)
    token = await sign_in(database, tokens, username, PASSWORD, "198.18.1.2", now)
    ended = await sconto("user", "sign-out", username)
    assert ended == Ended(0, f"{username} is signed out everywhere.\n", "")
    await tokens.refresh(database)
    with pytest.raises(TokenInvalid):
        tokens.caller(token, now)


async def test_a_users_name_with_a_slash_is_refused_in_one_line(sconto: Sconto, shop: str) -> None:
    create = ["user", "create", "nord/ada", "--merchant", shop, "--password-stdin"]
    refused = await sconto(*create, stdin=PASSWORD)
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "that of a user has no slash" in refused.err


async def test_an_unknown_merchant_is_named_in_one_line(sconto: Sconto) -> None:
    create = ["user", "create", a_name(), "--merchant", "no shop", "--password-stdin"]
    refused = await sconto(*create, stdin=PASSWORD)
    expected = "sconto: there is no merchant 'no shop': see `sconto merchant list`\n"
    assert refused == Ended(1, "", expected)


async def test_an_unknown_role_is_a_usage_error(sconto: Sconto, username: str) -> None:
    refused = await sconto("user", "role", username, "owner")
    assert refused.code == 2
    assert "'owner'" in refused.err


async def test_markup_in_a_name_is_listed_unchanged(sconto: Sconto) -> None:
    name = f"[red]{a_name()}[/red]"
    assert (await sconto("merchant", "create", name)).code == 0
    assert name in (await sconto("merchant", "list")).out


def test_a_full_disk_is_reported_in_one_line(sconto: Sconto) -> None:
    with Path("/dev/full").open("w") as full:
        listed = subprocess.run(
            [SCONTO, "merchant", "list"],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (listed.returncode, listed.stderr) == (1, "sconto: No space left on device\n")


async def test_the_second_factor_of_a_user_is_reset(
    sconto: Sconto, database: Database, username: str
) -> None:
    refused = await sconto("user", "reset-two-factor", username)
    assert (refused.code, refused.err) == (1, "sconto: the user has no two-factor sign-in\n")
    user = await find_named_user(database, username)
    async with database.write() as connection:
        sealed = SealedSecret(user.merchant_id, user.user_id, b"", b"")
        await insert_factor(connection, sealed, datetime.now(UTC), 0)
    assert not await signs_in(database, username, PASSWORD)
    assert (await listed(sconto, username))["two_factor"]
    ended = await sconto("user", "reset-two-factor", username)
    assert ended == Ended(0, f"{username} signs in with the password alone.\n", "")
    assert await signs_in(database, username, PASSWORD)
