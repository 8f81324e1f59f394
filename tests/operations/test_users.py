"""The users of a merchant, as its admin sees and changes them."""

import pytest

from sconto.domain.history import Subject, Verb
from sconto.domain.people import Caller, Role
from sconto.domain.problems import (
    NameTaken,
    NotAName,
    OwnAccess,
    PasswordRefused,
    UserNotFound,
)
from sconto.operations.history import list_entries_of_all
from sconto.operations.tokens import Tokens
from sconto.operations.users import (
    add_user,
    change_role,
    get_user,
    list_users,
    set_disabled,
    set_password,
    sign_out_everywhere,
)
from sconto.store.database import Database
from tests.conftest import create_caller

PASSWORD = "correct horse battery"


async def test_changes_of_users_by_an_admin_are_recorded(
    database: Database, merchant: Caller
) -> None:
    name = f"grace-{merchant.merchant_id}"
    user_id = await add_user(database, merchant, name, PASSWORD, Role.VIEWER)
    await change_role(database, merchant, user_id, Role.MANAGER)
    await set_disabled(database, merchant, user_id, disabled=True)
    await set_password(database, merchant, user_id, "another password")
    user = await get_user(database, merchant, user_id)
    assert (user.name, user.role, user.disabled) == (name, Role.MANAGER, True)
    entries = (await list_entries_of_all(database, merchant, Subject.USER, limit=10)).entries
    assert [entry.change.verb for entry in entries] == [
        Verb.PASSWORD_SET,
        Verb.CHANGED,
        Verb.CHANGED,
        Verb.CREATED,
    ]
    admin = await get_user(database, merchant, merchant.user_id)
    assert {entry.username for entry in entries} == {admin.name}


async def test_users_of_the_merchant_alone_are_listed_in_pages(
    database: Database, merchant: Caller
) -> None:
    await create_caller(database)
    mine = [await create_caller(database, Role.VIEWER, merchant.merchant_id) for _ in range(3)]
    ids = [merchant.user_id, *(caller.user_id for caller in mine)]
    first = await list_users(database, merchant, limit=3)
    assert ([user.id for user in first.users], first.more) == (ids[:3], True)
    rest = await list_users(database, merchant, limit=3, after=ids[2])
    assert ([user.id for user in rest.users], rest.more) == (ids[3:], False)


async def test_another_merchants_user_is_not_found(database: Database, merchant: Caller) -> None:
    other = await create_caller(database, Role.VIEWER)
    theirs = other.user_id
    for attempt in (
        get_user(database, merchant, theirs),
        change_role(database, merchant, theirs, Role.ADMIN),
        set_disabled(database, merchant, theirs, disabled=True),
        set_password(database, merchant, theirs, PASSWORD),
        sign_out_everywhere(database, Tokens(b"k" * 32), merchant, theirs),
    ):
        with pytest.raises(UserNotFound):
            await attempt
    admin = Caller(other.merchant_id, other.user_id, Role.ADMIN)
    assert (await list_entries_of_all(database, admin, Subject.USER, limit=10)).entries == ()


async def test_users_cannot_change_their_own_access(database: Database, merchant: Caller) -> None:
    with pytest.raises(OwnAccess):
        await change_role(database, merchant, merchant.user_id, Role.VIEWER)
    with pytest.raises(OwnAccess):
        await set_disabled(database, merchant, merchant.user_id, disabled=True)
    user = await get_user(database, merchant, merchant.user_id)
    assert (user.role, user.disabled) == (Role.ADMIN, False)


async def test_invalid_users_are_not_added(database: Database, merchant: Caller) -> None:
    name = f"taken-{merchant.merchant_id}"
    await add_user(database, merchant, name, PASSWORD, Role.VIEWER)
    for wrong, password, problem in (
        (name, PASSWORD, NameTaken),
        (" ", PASSWORD, NotAName),
        ("short", "short", PasswordRefused),
    ):
        with pytest.raises(problem):
            await add_user(database, merchant, wrong, password, Role.VIEWER)
    assert len((await list_users(database, merchant, limit=10)).users) == 2
