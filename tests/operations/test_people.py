"""Merchants and users: made, listed, changed, and refused with a reason."""

from uuid import uuid4

import pytest

from sconto.domain.people import Caller, Merchant, Role
from sconto.domain.problems import (
    MerchantNotFound,
    NameTaken,
    NotAName,
    PasswordRefused,
    UserAmbiguous,
    UserNotFound,
)
from sconto.operations.people import (
    create_merchant,
    create_user,
    find_merchant,
    list_merchants,
    list_users,
    set_disabled,
    set_password,
    set_role,
)
from sconto.store.database import Database
from tests.operations.cheap_passwords import CHEAP

PASSWORD = "demo-password"

NOT_NAMES = ["", "  ", "a\x00b", "tab\t", "x" * 256, "\ud800"]


def a_name() -> str:
    return f"name {uuid4()}"


async def a_user(database: Database, merchant: Caller, role: Role = Role.ADMIN) -> str:
    """The name of a new user of the merchant, who signs in with PASSWORD."""
    name = a_name()
    names = {known.id: known.name for known in await list_merchants(database)}
    shop = names[merchant.merchant_id]
    await create_user(database, shop, name, PASSWORD, role, passwords=CHEAP)
    return name


async def test_a_merchant_is_found_and_listed_under_its_name(database: Database) -> None:
    name = a_name()
    merchant_id = await create_merchant(database, name)
    assert await find_merchant(database, name) == merchant_id
    assert Merchant(merchant_id, name) in await list_merchants(database)


async def test_a_merchant_name_is_taken_once(database: Database) -> None:
    name = a_name()
    await create_merchant(database, name)
    with pytest.raises(NameTaken):
        await create_merchant(database, name)


@pytest.mark.parametrize("name", NOT_NAMES)
async def test_what_is_no_name_names_nothing(database: Database, name: str) -> None:
    shop = a_name()
    await create_merchant(database, shop)
    with pytest.raises(NotAName):
        await create_merchant(database, name)
    with pytest.raises(NotAName):
        await create_user(database, shop, name, PASSWORD, Role.ADMIN)
    with pytest.raises(MerchantNotFound):
        await find_merchant(database, name)
    with pytest.raises(UserNotFound):
        await set_role(database, name, Role.ADMIN)


async def test_a_user_is_listed_as_created_and_as_changed(database: Database) -> None:
    shop, name = a_name(), a_name()
    await create_merchant(database, shop)
    user_id = await create_user(database, shop, name, PASSWORD, Role.CHECKOUT)

    async def listed() -> tuple[int, str, Role, bool]:
        (user,) = [user for user in await list_users(database) if user.name == name]
        return user.id, user.merchant, user.role, user.disabled

    assert await listed() == (user_id, shop, Role.CHECKOUT, False)
    await set_role(database, name, Role.VIEWER)
    await set_disabled(database, name, disabled=True)
    assert await listed() == (user_id, shop, Role.VIEWER, True)
    await set_disabled(database, name, disabled=False)
    assert await listed() == (user_id, shop, Role.VIEWER, False)


async def test_a_username_is_taken_once_within_a_merchant_and_no_other_learns_of_it(
    database: Database,
) -> None:
    one, other, name = a_name(), a_name(), a_name()
    await create_merchant(database, one)
    await create_merchant(database, other)
    await create_user(database, one, name, PASSWORD, Role.ADMIN)
    assert await create_user(database, other, name, PASSWORD, Role.ADMIN)
    with pytest.raises(NameTaken):
        await create_user(database, one, name, PASSWORD, Role.ADMIN)


async def test_a_name_of_several_merchants_users_needs_the_merchant(database: Database) -> None:
    one, other, name = a_name(), a_name(), a_name()
    for shop in (one, other):
        await create_merchant(database, shop)
        await create_user(database, shop, name, PASSWORD, Role.ADMIN)
    for attempt in (
        set_disabled(database, name, disabled=True),
        set_password(database, name, PASSWORD),
        set_role(database, name, Role.VIEWER),
    ):
        with pytest.raises(UserAmbiguous):
            await attempt
    await set_role(database, name, Role.VIEWER, merchant=other)
    roles = {user.merchant: user.role for user in await list_users(database) if user.name == name}
    assert roles == {one: Role.ADMIN, other: Role.VIEWER}
    with pytest.raises(MerchantNotFound):
        await set_role(database, name, Role.VIEWER, merchant=a_name())


async def test_a_users_name_has_no_slash(database: Database) -> None:
    shop = f"Nord/{a_name()}"
    await create_merchant(database, shop)
    with pytest.raises(NotAName):
        await create_user(database, shop, f"Nord/{a_name()}", PASSWORD, Role.ADMIN)


async def test_a_user_needs_a_merchant_and_a_password_of_8_characters(database: Database) -> None:
    shop, name = a_name(), a_name()
    with pytest.raises(MerchantNotFound):
        await create_user(database, shop, name, PASSWORD, Role.ADMIN)
    await create_merchant(database, shop)
    with pytest.raises(PasswordRefused):
        await create_user(database, shop, name, "7 signs", Role.ADMIN)
    with pytest.raises(UserNotFound):
        await set_disabled(database, name, disabled=True)


async def test_nobody_unknown_is_changed(database: Database) -> None:
    with pytest.raises(UserNotFound):
        await set_disabled(database, a_name(), disabled=True)
    with pytest.raises(UserNotFound):
        await set_role(database, a_name(), Role.ADMIN)
    with pytest.raises(UserNotFound):
        await set_password(database, a_name(), PASSWORD)


async def test_each_change_of_a_user_is_later_than_the_one_before(
    database: Database, merchant: Caller
) -> None:
    name = await a_user(database, merchant)
    ahead = "UPDATE users SET changed_at = now() + interval '1 hour' WHERE username = $1"
    changed_at = "SELECT changed_at FROM users WHERE username = $1"
    async with database.write() as connection:
        await connection.execute(ahead, name)
        before = await connection.fetchval(changed_at, name)
    await set_role(database, name, Role.VIEWER)
    async with database.read() as connection:
        assert await connection.fetchval(changed_at, name) > before
