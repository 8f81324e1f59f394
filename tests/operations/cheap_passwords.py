"""Password checks that cost almost nothing: tests make hundreds of them, at 25 ms each."""

from collections.abc import Sequence
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from sconto.operations.pace import KeyPace
from sconto.operations.passwords import PASSWORDS, Passwords
from sconto.operations.sign_in import Guard


def cheap_hasher() -> Argon2Hasher:
    return Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)


HASHER: Final = PASSWORDS._hasher
"""What hashes passwords outside the tests."""


def make_passwords_cheap() -> None:
    """Let this process, and the forks that it starts, hash and check passwords cheaply."""
    PASSWORDS._hasher = PasswordHash((cheap_hasher(),))


class CountedPasswords(Passwords):
    """Cheap checks. `checked` has the passwords; `asked` has the hashes and checks of each call."""

    def __init__(self) -> None:
        super().__init__(cheap_hasher())
        self.checked: list[str] = []
        self.asked: list[tuple[int, int]] = []

    async def verify(
        self, password: str, password_hashes: Sequence[str], checks: int
    ) -> list[bool]:
        self.asked.append((len(password_hashes), checks))
        return await super().verify(password, password_hashes, checks)

    def check(self, password: str, password_hash: str) -> bool:
        self.checked.append(password)
        return super().check(password, password_hash)


def a_guard(passwords: Passwords) -> Guard:
    """A guard whose turns are ten times shorter than in production."""
    return Guard(passwords, KeyPace(0.1, 0.25))


CHEAP: Final = Passwords(cheap_hasher())
GUARD: Final = a_guard(CHEAP)
