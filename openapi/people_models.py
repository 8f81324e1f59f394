"""The bodies of the people API, with an example of each."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from openapi.fields import Instant, strict
from sconto.domain.history import Subject, Verb
from sconto.domain.names import NAME_LENGTH
from sconto.domain.password_links import LinkPurpose
from sconto.domain.people import Role

_NEW: Final[JsonDict] = {"name": "Checkout of the web shop", "role": "checkout", "expires_at": None}

_KEY: Final[JsonDict] = {
    "key_id": 1,
    "name": "Checkout of the web shop",
    "role": "checkout",
    "prefix": "sconto_live_h7Kp",
    "created_at": "2026-11-28T08:00:00+00:00",
    "created_by": "demo",
    "expires_at": None,
    "last_used_at": "2026-11-28T08:15:30+00:00",
}

_USER: Final[JsonDict] = {
    "user_id": 3,
    "username": "ada",
    "role": "manager",
    "email": "ada@example.com",
    "disabled": False,
    "invited": True,
}

_LINK: Final[JsonDict] = {
    "user_id": 3,
    "username": "ada",
    "email": "ada@example.com",
    "purpose": "invitation",
    "link": "https://sconto.example.com/portal/password/1-3-…",
    "expires_at": "2026-12-05T08:00:00+00:00",
    "sent": False,
}

_ENTRY: Final[JsonDict] = {
    "entry_id": 17,
    "recorded_at": "2026-11-28T08:00:00+00:00",
    "username": "ada",
    "kind": "settings",
    "action": "changed",
    "id": None,
    "name": None,
    "before": {"currency": None},
    "after": {"currency": "EUR"},
}

Email = Annotated[str, Field(max_length=254, description="An e-mail address.")]

Name = Annotated[
    str, Field(min_length=1, max_length=NAME_LENGTH, description="No control characters.")
]


class NewApiKey(BaseModel):
    """An API key to create."""

    model_config = strict(_NEW)

    name: Annotated[Name, Field(description="Another than those of the merchant's other keys.")]
    role: Role
    expires_at: Annotated[
        Instant | None, Field(description="In the future. Null or left out: the key never expires.")
    ] = None


class ApiKey(BaseModel):
    """An API key, without its text."""

    model_config = ConfigDict(json_schema_extra={"example": _KEY})

    key_id: int
    name: str
    role: Role
    prefix: Annotated[str, Field(description="The first characters of the key.")]
    created_at: Instant
    created_by: Annotated[
        str | None, Field(description="Who created it; null for the command line.")
    ]
    expires_at: Instant | None
    last_used_at: Annotated[Instant | None, Field(description="Up to a minute late.")]


class CreatedApiKey(ApiKey):
    """A new API key. Store `key` now: it cannot be shown again."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_KEY,
                "last_used_at": None,
                "key": "sconto_live_h7Kp0000000000000000000Example0fDyOD",
            }
        }
    )

    key: Annotated[str, Field(pattern="^sconto_live_[0-9A-Za-z]{36}$")]


class ApiKeys(BaseModel):
    """The merchant's API keys that are not revoked."""

    model_config = ConfigDict(json_schema_extra={"example": {"keys": [_KEY]}})

    keys: list[ApiKey]


class Invitation(BaseModel):
    """A user to invite."""

    model_config = strict({"username": "ada", "role": "manager", "email": "ada@example.com"})

    username: Annotated[Name, Field(description="Another than those of the merchant's users.")]
    role: Role
    email: Annotated[
        Email | None, Field(description="Where the link is sent to, if a mail server is set.")
    ] = None


class PasswordLink(BaseModel):
    """A link with which a user sets a password, once."""

    model_config = ConfigDict(json_schema_extra={"example": _LINK})

    user_id: int
    username: str
    email: str | None
    purpose: LinkPurpose
    link: Annotated[str, Field(description="Pass it on: nobody can see it again.")]
    expires_at: Instant
    sent: Annotated[bool, Field(description="Whether the mail server took it.")]


class User(BaseModel):
    """A user of the merchant."""

    model_config = ConfigDict(json_schema_extra={"example": _USER})

    user_id: int
    username: str
    role: Role
    email: str | None
    disabled: bool
    invited: Annotated[bool, Field(description="The user has not set a password yet.")]
    two_factor: Annotated[
        bool, Field(description="The user signs in to the portal with a code too.")
    ] = False


class Users(BaseModel):
    """A page of users, by ascending id."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"users": [_USER], "next_cursor": None}}
    )

    users: list[User]
    next_cursor: Annotated[
        str | None, Field(description="The cursor of the next page; null on the last.")
    ]


class AuditEntry(BaseModel):
    """What somebody did."""

    model_config = ConfigDict(json_schema_extra={"example": _ENTRY})

    entry_id: int
    recorded_at: Instant
    username: Annotated[
        str | None,
        Field(description="The name of that time, or `API key` and its name. Null: command line."),
    ]
    kind: Subject
    action: Verb
    id: Annotated[int | None, Field(description="Of the thing; null if it is not one thing.")]
    name: Annotated[str | None, Field(description="The thing's name now; null if it is gone.")]
    before: Annotated[dict[str, Any] | None, Field(description="What differs, as it was.")]
    after: Annotated[dict[str, Any] | None, Field(description="What differs, as it became.")]


class AuditLog(BaseModel):
    """A page of the audit log, the latest entry first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"entries": [_ENTRY], "next_cursor": None}}
    )

    entries: list[AuditEntry]
    next_cursor: Annotated[
        str | None, Field(description="The cursor of the next page; null on the last.")
    ]
