"""Users, their roles, and what a role may do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PASSWORD_LENGTH: Final = 8
"""The shortest password, in characters."""

LONGEST_PASSWORD: Final = 1024

COMMAND_LINE_USER_ID: Final = 0
"""The user id of calls from the command line; no user has it."""


class Role(StrEnum):
    """What a user may do for a merchant."""

    ADMIN = "admin"
    MANAGER = "manager"
    VIEWER = "viewer"
    CHECKOUT = "checkout"


class Action(StrEnum):
    """What a caller may be allowed to do."""

    READ_PROMOTIONS = "read promotions"
    WRITE_PROMOTIONS = "write promotions"
    READ_ORDERS = "read orders"
    CHECK_OUT = "check out"
    READ_PRODUCTS = "read products"
    WRITE_PRODUCTS = "write products"
    READ_EVENTS = "read events"
    MANAGE_WEBHOOKS = "manage webhooks"
    MANAGE_PEOPLE = "manage people"
    MANAGE_SETTINGS = "manage settings"
    READ_AUDIT_LOG = "read audit log"


_FOR_ADMINS: Final = frozenset(
    {
        Action.MANAGE_PEOPLE,
        Action.MANAGE_WEBHOOKS,
        Action.MANAGE_SETTINGS,
        Action.READ_AUDIT_LOG,
    }
)

_ALLOWED: dict[Role, frozenset[Action]] = {
    Role.ADMIN: frozenset(Action),
    Role.MANAGER: frozenset(Action) - _FOR_ADMINS,
    Role.VIEWER: frozenset(
        {Action.READ_PROMOTIONS, Action.READ_ORDERS, Action.READ_PRODUCTS, Action.READ_EVENTS}
    ),
    Role.CHECKOUT: frozenset({Action.CHECK_OUT, Action.READ_ORDERS, Action.READ_PRODUCTS}),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """The user or API key behind a request, and the merchant.

    A key has no user; its `user_id` is the key's id, negated, so that no user has it.
    """

    merchant_id: int
    user_id: int
    role: Role

    @property
    def key_id(self) -> int | None:
        """The id of the API key that calls; None if a user or the command line does."""
        return -self.user_id if self.user_id < 0 else None

    def may(self, action: Action) -> bool:
        """Whether the caller's role allows the action."""
        return action in _ALLOWED[self.role]


def command_line_caller(merchant_id: int) -> Caller:
    """The caller for commands that act for a merchant."""
    return Caller(merchant_id, COMMAND_LINE_USER_ID, Role.ADMIN)


def key_caller(merchant_id: int, key_id: int, role: Role) -> Caller:
    """The caller for requests with an API key."""
    return Caller(merchant_id, -key_id, role)


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant; its name is unique."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A person or program that signs in for one merchant; its name is unique there.

    `invited`: they have not set a password since they were invited. `two_factor`: they sign in with
    a code, too.
    """

    id: int
    name: str
    merchant: str
    role: Role
    disabled: bool
    email: str | None = None
    invited: bool = False
    two_factor: bool = False


@dataclass(frozen=True, slots=True)
class UserPage:
    """Some users of a merchant, by ascending id, and whether there are more."""

    users: tuple[User, ...]
    more: bool


def is_acceptable_password(password: str) -> bool:
    """Whether a user may have the password: any 8 to 1024 characters."""
    return PASSWORD_LENGTH <= len(password) <= LONGEST_PASSWORD
