"""The bodies of `people` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import Any, NotRequired, TypedDict

from sconto.client.bodies.words import LinkPurpose, Role, Subject, Verb


class NewApiKey(TypedDict):
    """An API key to create."""

    name: str
    """Another than those of the merchant's other keys."""
    role: Role
    expires_at: NotRequired[str | None]
    """In the future. Null or left out: the key never expires."""


class ApiKey(TypedDict):
    """An API key, without its text."""

    key_id: int
    name: str
    role: Role
    prefix: str
    """The first characters of the key."""
    created_at: str
    created_by: str | None
    """Who created it; null for the command line."""
    expires_at: str | None
    last_used_at: str | None
    """Up to a minute late."""


class CreatedApiKey(ApiKey):
    """A new API key. Store `key` now: it cannot be shown again."""

    key: str


class ApiKeys(TypedDict):
    """The merchant's API keys that are not revoked."""

    keys: list[ApiKey]


class User(TypedDict):
    """A user of the merchant."""

    user_id: int
    username: str
    role: Role
    email: str | None
    disabled: bool
    invited: bool
    """The user has not set a password yet."""
    two_factor: NotRequired[bool]
    """The user signs in to the portal with a code too."""


class Users(TypedDict):
    """A page of users, by ascending id."""

    users: list[User]
    next_cursor: str | None
    """The cursor of the next page; null on the last."""


class Invitation(TypedDict):
    """A user to invite."""

    username: str
    """Another than those of the merchant's users."""
    role: Role
    email: NotRequired[str | None]
    """Where the link is sent to, if a mail server is set."""


class PasswordLink(TypedDict):
    """A link with which a user sets a password, once."""

    user_id: int
    username: str
    email: str | None
    purpose: LinkPurpose
    link: str
    """Pass it on: nobody can see it again."""
    expires_at: str
    sent: bool
    """Whether the mail server took it."""


class AuditEntry(TypedDict):
    """What somebody did."""

    entry_id: int
    recorded_at: str
    username: str | None
    """The name of that time, or `API key` and its name. Null: command line."""
    kind: Subject
    action: Verb
    id: int | None
    """Of the thing; null if it is not one thing."""
    name: str | None
    """The thing's name now; null if it is gone."""
    before: dict[str, Any] | None
    """What differs, as it was."""
    after: dict[str, Any] | None
    """What differs, as it became."""


class AuditLog(TypedDict):
    """A page of the audit log, the latest entry first."""

    entries: list[AuditEntry]
    next_cursor: str | None
    """The cursor of the next page; null on the last."""
