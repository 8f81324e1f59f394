"""API keys: their form, and what is stored of them."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from zlib import crc32

from sconto.domain.people import Role

KEY_START: Final = "sconto_live_"
"""Every key starts so, so that scanners of source code find a leaked one."""

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

SECRET_LENGTH: Final = 30
"""The random characters of a key: 178 bits."""

_CHECKSUM_LENGTH: Final = 6
_SHOWN_LENGTH: Final = len(KEY_START) + 4

MAX_KEYS: Final = 100
"""The most keys of a merchant that are not revoked."""

_KEY: Final = re.compile(
    f"{KEY_START}([0-9A-Za-z]{{{SECRET_LENGTH}}})([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})"
)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to create; without `expires_at` it does not expire."""

    name: str
    role: Role
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is stored: everything but the key itself.

    `prefix` is its first characters, by which people recognise it. `created_by` is None if the
    command line created it. `last_used_at` is up to a minute late.
    """

    id: int
    name: str
    role: Role
    prefix: str
    created_at: datetime
    created_by: str | None
    expires_at: datetime | None
    last_used_at: datetime | None


def write_key(secret: str) -> str:
    """The key of 30 random characters of the alphabet: start, secret and checksum."""
    return f"{KEY_START}{secret}{_checksum(secret)}"


def is_key(text: str) -> bool:
    """Whether the text has the form of a key; no other text can be a key.

    The checksum is the CRC-32 of the secret in base 62, as in GitHub's tokens. A scanner can verify
    it without asking us.
    """
    match = _KEY.fullmatch(text)
    return match is not None and _checksum(match[1]) == match[2]


def key_hash(key: str) -> bytes:
    """The hash of a key that is stored.

    A fast hash is enough: 178 random bits cannot be guessed. Slow hashing protects passwords that
    people choose; here it would only delay each first request.
    """
    return sha256(key.encode()).digest()


def shown_prefix(key: str) -> str:
    """The characters of a key that are stored and shown: four of the secret's 30."""
    return key[:_SHOWN_LENGTH]


def _checksum(secret: str) -> str:
    number = crc32(secret.encode())
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
