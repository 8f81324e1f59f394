"""Passwords: hashed and checked by argon2, in a thread."""

import asyncio
import secrets
from collections.abc import Sequence
from functools import cached_property
from time import perf_counter
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher


class Passwords:
    """Hashes and checks passwords with one hasher.

    Checking a password costs what its hash was made with. A decoy costs what this hasher costs.
    """

    def __init__(self, hasher: Argon2Hasher) -> None:
        self._hasher = PasswordHash((hasher,))
        self._seconds = 0.02
        """How long a check took recently."""

    async def hash(self, password: str) -> str:
        """The hash of a password, to be stored."""
        return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(
        self, password: str, password_hashes: Sequence[str], checks: int
    ) -> list[bool]:
        """The hashes that match the password. It takes at least as long as `checks` checks."""
        return await asyncio.to_thread(self._verify_all, password, password_hashes, checks)

    async def pretend(self, checks: int) -> None:
        """Take as long as this number of checks, without processor time."""
        await asyncio.sleep(checks * self._seconds)

    def check(self, password: str, password_hash: str) -> bool:
        """Whether the hash matches the password; takes about 20 ms of a processor."""
        return self._hasher.verify(password, password_hash)

    def _verify_all(self, password: str, password_hashes: Sequence[str], checks: int) -> list[bool]:
        started = perf_counter()
        found = [self.check(password, password_hash) for password_hash in password_hashes]
        for _ in range(checks - len(found)):
            self._hasher.verify(password, self._decoy)
        if checks:
            self._seconds = (perf_counter() - started) / max(checks, len(found))
        return found

    @cached_property
    def _decoy(self) -> str:
        """The hash of a password that nobody has."""
        return self._hasher.hash(secrets.token_hex())


PASSWORDS: Final = Passwords(Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1))
"""The least that OWASP asks of argon2id: 20 ms and 19 MiB, because checkouts need the processor."""
