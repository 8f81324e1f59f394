"""The bodies of the people API, with an example of each."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from openapi.fields import Instant, strict
from sconto.domain.names import NAME_LENGTH
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
    """An API key, without the text that opens."""

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
    """A new API key. Store `key` now: nobody can see it again."""

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
