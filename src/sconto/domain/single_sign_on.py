"""Single sign-on: what a provider's claims say about a user."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sconto.domain.emails import read_email
from sconto.domain.names import is_name, is_username
from sconto.domain.people import Role
from sconto.domain.people_problems import SignOnReason, SignOnRefused

Claims = Mapping[str, object]
"""What the provider says, by name."""

_NAME_CLAIMS: Final = ("preferred_username", "email", "name", "sub")
"""Where a new user's name comes from: the first that can be one and is free."""


@dataclass(frozen=True, slots=True)
class SignOnRules:
    """How claims become merchants and roles.

    `merchant` is the name of everybody's merchant; None means that `merchant_claim` has it. `roles`
    maps values of `role_claim`; without it the roles are Sconto's own. `default_role` is for users
    who have none from the claim, or are new; None refuses them.
    """

    merchant: str | None
    merchant_claim: str
    role_claim: str
    roles: Mapping[str, Role]
    default_role: Role | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at a provider, and who they will be here.

    `email` is None unless the provider has verified it. `role` is for a new user; with `sets_role`
    it is that of a known user too. `names` are for a new user, best first.
    """

    issuer: str
    subject: str
    merchant: str
    names: tuple[str, ...]
    email: str | None
    role: Role | None
    sets_role: bool


def read_identity(rules: SignOnRules, issuer: str, claims: Claims) -> Identity:
    """Who signs in. The claims must be verified. Raises SignOnRefused."""
    subject = claims.get("sub")
    merchant = rules.merchant or _text(find_claim(claims, rules.merchant_claim))
    if merchant is None or not is_name(merchant):
        raise SignOnRefused(SignOnReason.NO_MERCHANT)
    if not isinstance(subject, str) or not is_name(subject):
        raise SignOnRefused(SignOnReason.NO_NAME)
    role = _highest_role(rules, claims) or rules.default_role
    sets_role = bool(rules.role_claim)
    if sets_role and role is None:
        raise SignOnRefused(SignOnReason.NO_ROLE)
    return Identity(
        issuer, subject, merchant, tuple(_names(claims)), _verified_email(claims), role, sets_role
    )


def find_claim(claims: Claims, name: str) -> object:
    """A claim by its name, or by a path of names such as `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _highest_role(rules: SignOnRules, claims: Claims) -> Role | None:
    """The role that allows most, of those that the claim's values give."""
    if not rules.role_claim:
        return None
    found = find_claim(claims, rules.role_claim)
    values = found if isinstance(found, list) else [found]
    mapped = {
        rules.roles[value] for value in values if isinstance(value, str) and value in rules.roles
    }
    return next((role for role in Role if role in mapped), None)


def _verified_email(claims: Claims) -> str | None:
    email = _text(claims.get("email"))
    verified = claims.get("email_verified")
    # Some providers write the boolean as a text.
    is_verified = verified is True or verified == "true"
    return read_email(email) if email is not None and is_verified else None


def _names(claims: Claims) -> Iterator[str]:
    for claim in _NAME_CLAIMS:
        name = (_text(claims.get(claim)) or "").strip().replace("/", "-")
        if is_username(name):
            yield name


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
