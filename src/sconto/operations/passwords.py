"""Passwords: hashed by argon2, aside from the event loop."""

import asyncio
import secrets
from collections.abc import Sequence
from functools import cache
from time import perf_counter
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_HASHER: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
"""What OWASP asks of argon2id at least: some 20 ms and 19 MiB, for checkouts run beside it."""


async def hash_password(password: str) -> str:
    """What is stored of a password."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def verify_hashes(password: str, password_hashes: Sequence[str], looks: int) -> list[bool]:
    """Which hashes are the password's, found out in the time that `looks` checks take."""
    return await asyncio.to_thread(_verify_all, password, password_hashes, looks)


async def pretend_to_check(looks: int) -> None:
    """Take the time of so many checks, and none of the processor's."""
    await asyncio.sleep(looks * _PACE.seconds)


class _Pace:
    """How long a check took lately."""

    seconds = 0.02


_PACE: Final = _Pace()


def _verify_all(password: str, password_hashes: Sequence[str], looks: int) -> list[bool]:
    started = perf_counter()
    found = [_verify(password, password_hash) for password_hash in password_hashes]
    _verify_decoys(password, looks - len(found))
    if looks:
        _PACE.seconds = (perf_counter() - started) / max(looks, len(found))
    return found


def _verify_decoys(password: str, looks: int) -> None:
    for _ in range(looks):
        _HASHER.verify(password, _decoy())


def _verify(password: str, password_hash: str) -> bool:
    return _HASHER.verify(password, password_hash)


@cache
def _decoy() -> str:
    """The hash of a password that nobody has."""
    return _HASHER.hash(secrets.token_hex())
