"""Password checks that cost almost nothing, for tests that make hundreds of them."""

from collections.abc import Sequence
from typing import Final

from pwdlib.hashers.argon2 import Argon2Hasher

from sconto.operations.pace import Pace
from sconto.operations.passwords import Passwords
from sconto.operations.sign_in import Guard


def cheap_hasher() -> Argon2Hasher:
    return Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)


class CountedPasswords(Passwords):
    """Cheap checks that are counted: by password, and by how many hashes and checks were asked."""

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
    """A guard whose turns take a tenth of what they take in service."""
    return Guard(passwords, Pace(0.1, 0.25))


CHEAP: Final = Passwords(cheap_hasher())
GUARD: Final = a_guard(CHEAP)
