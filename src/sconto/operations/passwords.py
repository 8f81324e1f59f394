"""Passwords: hashed by argon2, aside from the event loop."""

import asyncio
import secrets
from functools import cache
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_HASHER: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
"""What OWASP asks of argon2id at least: some 20 ms and 19 MiB, for checkouts run beside it."""


async def hash_password(password: str) -> str:
    """What is stored of a password."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def is_password(password: str, password_hash: str | None) -> bool:
    """Whether the hash is the password's; for None it is not, found out in the same time."""
    return await asyncio.to_thread(_verify, password, password_hash)


def _verify(password: str, password_hash: str | None) -> bool:
    decoy = _decoy()
    return _HASHER.verify(password, password_hash or decoy) and password_hash is not None


@cache
def _decoy() -> str:
    """The hash of a password that nobody has."""
    return _HASHER.hash(secrets.token_hex())
