"""What a provider's claims say about a user."""

from dataclasses import replace
from typing import Final

import pytest

from sconto.domain.people import Role
from sconto.domain.people_problems import SignOnReason, SignOnRefused
from sconto.domain.single_sign_on import Claims, SignOnRules, find_claim, read_identity

RULES: Final = SignOnRules("shop", "", "groups", {"a": Role.ADMIN, "v": Role.VIEWER}, None)
ISSUER: Final = "https://login.example"


def test_a_claim_is_found_by_its_name_or_its_path() -> None:
    claims: Claims = {"a.b": 1, "a": {"b": 2, "c": {"d": [3]}}, "https://x.example/roles": 4}
    assert find_claim(claims, "a.b") == 1
    assert find_claim(claims, "a.c.d") == [3]
    assert find_claim(claims, "https://x.example/roles") == 4
    for missing in ("a.x", "a.b.c", "x", ""):
        assert find_claim(claims, missing) is None


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["v", "a"], Role.ADMIN),
        ("v", Role.VIEWER),
        (["x", 7, None], None),
        ([["a"]], None),
        ({"a": True}, None),
        (None, None),
    ],
)
def test_the_role_is_the_highest_that_the_claim_has(groups: object, role: Role | None) -> None:
    claims = {"sub": "1", "groups": groups}
    with_default = replace(RULES, default_role=Role.CHECKOUT)
    assert read_identity(with_default, ISSUER, claims).role is (role or Role.CHECKOUT)
    if role is None:
        with pytest.raises(SignOnRefused) as refused:
            read_identity(RULES, ISSUER, claims)
        assert refused.value.reason is SignOnReason.NO_ROLE


@pytest.mark.parametrize(
    ("verified", "counts"),
    [(True, True), ("true", True), (False, False), (None, False), (1, False)],
)
def test_only_a_verified_address_counts(verified: object, counts: bool) -> None:
    claims = {"sub": "1", "groups": "a", "email": "Ada@example.com", "email_verified": verified}
    email = read_identity(RULES, ISSUER, claims).email
    assert email == ("ada@example.com" if counts else None)


def test_the_name_of_a_new_user_is_the_first_valid_one() -> None:
    claims: Claims = {"sub": "1", "groups": "a", "name": "Ada/L", "preferred_username": "\u0000"}
    assert read_identity(RULES, ISSUER, claims).names == ("Ada-L", "1")


@pytest.mark.parametrize("subject", ["", " ", None, 7, "x" * 256, "\u0000"])
def test_an_invalid_subject_is_refused(subject: object) -> None:
    with pytest.raises(SignOnRefused):
        read_identity(RULES, ISSUER, {"sub": subject, "groups": "a"})


def test_without_a_claim_for_roles_only_new_users_get_the_default() -> None:
    own = replace(RULES, role_claim="", roles={}, default_role=Role.VIEWER)
    identity = read_identity(own, ISSUER, {"sub": "1", "groups": ["a"]})
    assert (identity.role, identity.sets_role) == (Role.VIEWER, False)
    assert read_identity(replace(own, default_role=None), ISSUER, {"sub": "1"}).role is None
