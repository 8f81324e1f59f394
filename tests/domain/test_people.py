"""What roles allow, and which passwords are accepted."""

import pytest

from sconto.domain.people import Action, Caller, Role, is_acceptable_password

# The role table of the reference; the columns are READ_PROMOTIONS, WRITE_PROMOTIONS, READ_ORDERS,
# CHECK_OUT, READ_PRODUCTS, WRITE_PRODUCTS, READ_EVENTS, MANAGE_WEBHOOKS, MANAGE_PEOPLE; and our own
# MANAGE_SETTINGS, READ_AUDIT_LOG.
ALLOWED = {
    Role.ADMIN: "yes yes yes yes yes yes yes yes yes yes yes",
    Role.MANAGER: "yes yes yes yes yes yes yes no no no no",
    Role.VIEWER: "yes no yes no yes no yes no no no no",
    Role.CHECKOUT: "no no yes yes yes no no no no no no",
}


@pytest.mark.parametrize("role", Role)
def test_each_role_allows_only_what_the_reference_says(role: Role) -> None:
    caller = Caller(merchant_id=1, user_id=2, role=role)
    assert " ".join("yes" if caller.may(action) else "no" for action in Action) == ALLOWED[role]


@pytest.mark.parametrize("password", ["demo-password", "8 signs.", "grün & 8", "x" * 1024])
def test_a_password_of_8_to_1024_characters_is_accepted(password: str) -> None:
    assert is_acceptable_password(password)


@pytest.mark.parametrize("password", ["", "7 signs", "x" * 1025])
def test_a_shorter_or_longer_password_is_refused(password: str) -> None:
    assert not is_acceptable_password(password)
