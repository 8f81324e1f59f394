"""Passwords are hashed as OWASP asks."""

from sconto.operations.passwords import PASSWORDS
from tests.operations.cheap_passwords import HASHER


def test_a_hash_names_the_cost_that_owasp_asks_for() -> None:
    hashed = HASHER.hash("correct horse")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert HASHER.verify("correct horse", hashed)
    assert not HASHER.verify("wrong horse", hashed)


async def test_a_hash_of_another_cost_is_checked_at_its_own() -> None:
    hashed = HASHER.hash("correct horse")
    assert await PASSWORDS.verify("correct horse", [hashed], 1) == [True]
    assert await PASSWORDS.verify("wrong horse", [hashed], 1) == [False]
