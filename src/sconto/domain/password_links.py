"""Links with which users set their passwords: invitations and resets."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from sconto.domain.numbers import MAX_INT64

PAGE: Final = "/portal/password/"
"""The address of the page; the token of a link follows."""

_TOKEN: Final = re.compile(r"([1-9][0-9]{0,18})-([1-9][0-9]{0,18})-([A-Za-z0-9_-]{43})")


class LinkPurpose(StrEnum):
    """Why a link was made."""

    INVITATION = "invitation"
    RESET = "reset"


LIFETIMES: Final = {LinkPurpose.INVITATION: timedelta(days=7), LinkPurpose.RESET: timedelta(days=1)}
"""How long a link works unless it is used, replaced or overtaken by another password."""


@dataclass(frozen=True, slots=True)
class LinkToken:
    """The token in a link: whose link it is, and a secret of 256 random bits."""

    merchant_id: int
    user_id: int
    secret: str

    def __str__(self) -> str:
        """The last part of the link's address."""
        return f"{self.merchant_id}-{self.user_id}-{self.secret}"

    @property
    def hash(self) -> bytes:
        """The hash that is stored. A fast hash is enough: nobody can guess 256 random bits."""
        return sha256(self.secret.encode()).digest()


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """A new link of a user. Its token is shown once."""

    user_id: int
    username: str
    merchant: str
    email: str | None
    purpose: LinkPurpose
    expires_at: datetime
    token: str

    @property
    def path(self) -> str:
        """The path of the link, after the address of the service."""
        return f"{PAGE}{self.token}"


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that somebody has opened: its user and its purpose."""

    username: str
    merchant: str
    purpose: LinkPurpose


def read_token(text: str) -> LinkToken | None:
    """The token in a link; None if the text is not a token."""
    match = _TOKEN.fullmatch(text)
    if match is None or max(int(match[1]), int(match[2])) > MAX_INT64:
        return None
    return LinkToken(int(match[1]), int(match[2]), match[3])
