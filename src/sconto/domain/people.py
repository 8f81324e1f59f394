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


_ALLOWED: dict[Role, frozenset[Action]] = {
    Role.ADMIN: frozenset(Action),
    Role.MANAGER: frozenset(Action) - {Action.MANAGE_PEOPLE, Action.MANAGE_WEBHOOKS},
    Role.VIEWER: frozenset(
        {Action.READ_PROMOTIONS, Action.READ_ORDERS, Action.READ_PRODUCTS, Action.READ_EVENTS}
    ),
    Role.CHECKOUT: frozenset({Action.CHECK_OUT, Action.READ_ORDERS, Action.READ_PRODUCTS}),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request, and the merchant."""

    merchant_id: int
    user_id: int
    role: Role

    def may(self, action: Action) -> bool:
        """Whether the caller's role allows the action."""
        return action in _ALLOWED[self.role]


def command_line_caller(merchant_id: int) -> Caller:
    """The caller of commands that act for a merchant."""
    return Caller(merchant_id, COMMAND_LINE_USER_ID, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Merchant:
    """A tenant; its name is unique."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A person or program that signs in for one merchant; its name is unique there."""

    id: int
    name: str
    merchant: str
    role: Role
    disabled: bool


@dataclass(frozen=True, slots=True)
class UserPage:
    """Some users of a merchant, by ascending id, and whether there are more."""

    users: tuple[User, ...]
    more: bool


def is_acceptable_password(password: str) -> bool:
    """Whether a user may have the password: any 8 to 1024 characters."""
    return PASSWORD_LENGTH <= len(password) <= LONGEST_PASSWORD
