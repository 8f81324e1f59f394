"""The settings of single sign-on by OpenID Connect."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

from sconto.settings.errors import SettingError
from sconto.settings.hosts import is_loopback

ROLES: Final = ("admin", "manager", "viewer", "checkout")

_SCOPE: Final = "openid email profile"
_TEXT: Final = re.compile(r"[ -~]+")


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """A provider, and how its claims become merchants and roles.

    `merchant` is the name of everybody's merchant; otherwise `merchant_claim` has it. `roles` maps
    values of `role_claim` to roles. A user without such a value gets `default_role`; None refuses
    them.
    """

    issuer: str
    client_id: str
    client_secret: str
    name: str
    scope: str
    merchant: str
    merchant_claim: str
    role_claim: str
    roles: Mapping[str, str]
    default_role: str | None


def read_single_sign_on(environment: Mapping[str, str]) -> SingleSignOn | None:
    """The provider of `SCONTO_OIDC_ISSUER`; None without one. Raises SettingError."""
    issuer = environment.get("SCONTO_OIDC_ISSUER")
    if not issuer:
        return None
    found = SingleSignOn(
        issuer,
        environment.get("SCONTO_OIDC_CLIENT_ID") or "",
        environment.get("SCONTO_OIDC_CLIENT_SECRET") or "",
        environment.get("SCONTO_OIDC_NAME") or _host_of(issuer),
        environment.get("SCONTO_OIDC_SCOPE") or _SCOPE,
        environment.get("SCONTO_OIDC_MERCHANT") or "",
        environment.get("SCONTO_OIDC_MERCHANT_CLAIM") or "",
        environment.get("SCONTO_OIDC_ROLE_CLAIM") or "",
        _read_roles(environment.get("SCONTO_OIDC_ROLES") or ""),
        _read_default_role(environment),
    )
    _check_client(found)
    _check_claims(found)
    _check_scope(found)
    _check_packages()
    return found


def _check_client(found: SingleSignOn) -> None:
    if not _is_issuer(found.issuer):
        raise SettingError(
            f"SCONTO_OIDC_ISSUER is {found.issuer!r}; expected an https:// address without a query"
        )
    if not found.client_id:
        raise SettingError(
            "SCONTO_OIDC_CLIENT_ID is missing: expected the id that the provider gave Sconto"
        )


def _check_claims(found: SingleSignOn) -> None:
    if bool(found.merchant) == bool(found.merchant_claim):
        raise SettingError(
            "expected either SCONTO_OIDC_MERCHANT, the merchant of everybody who signs in, or "
            "SCONTO_OIDC_MERCHANT_CLAIM, the claim that names it"
        )
    if bool(found.role_claim) != bool(found.roles):
        raise SettingError(
            "SCONTO_OIDC_ROLE_CLAIM and SCONTO_OIDC_ROLES need each other: expected both or none"
        )


def _check_scope(found: SingleSignOn) -> None:
    if "openid" not in found.scope.split() or not _TEXT.fullmatch(found.scope):
        raise SettingError(f"SCONTO_OIDC_SCOPE is {found.scope!r}; expected {_SCOPE!r} or similar")


def _check_packages() -> None:
    if find_spec("authlib") is None or find_spec("httpx2") is None:
        raise SettingError(
            "SCONTO_OIDC_ISSUER needs packages that are not installed: expected sconto[oidc]"
        )


def _read_roles(text: str) -> dict[str, str]:
    """The role of each value, from `admin=Sconto admins, viewer=staff`."""
    roles = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        role, sign, value = pair.partition("=")
        if role.strip() not in ROLES or not sign or not value.strip():
            raise SettingError(
                f"SCONTO_OIDC_ROLES has {pair!r}; expected a role and a value of the claim, such "
                "as admin=sconto-admins, separated by commas"
            )
        roles[value.strip()] = role.strip()
    return roles


def _read_default_role(environment: Mapping[str, str]) -> str | None:
    role = environment.get("SCONTO_OIDC_DEFAULT_ROLE") or None
    if role is not None and role not in ROLES:
        raise SettingError(
            f"SCONTO_OIDC_DEFAULT_ROLE is {role!r}; expected one of {', '.join(ROLES)}"
        )
    return role


def _host_of(url: str) -> str:
    """The host, or the whole text if it is not an address."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _is_issuer(url: str) -> bool:
    """Whether it is an https address, or one on this machine for a trial."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018  # raises ValueError
    except ValueError:
        return False
    if not host or parts.query or parts.fragment or parts.username:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
