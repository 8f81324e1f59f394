"""Two-factor sign-in: codes of six digits by time (TOTP, RFC 6238), and recovery codes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sconto.domain.sign_in import FailureLimit

STEP: Final = timedelta(seconds=30)
"""The time that a code is for, counted from 1970. RFC 6238, section 5.2."""

DIGITS: Final = 6

DRIFT: Final = 1
"""Steps by which the clock of somebody's phone may differ."""

SECRET_BYTES: Final = 20
"""Bytes of a secret: as many as the hash has (RFC 4226, section 4)."""

RECOVERY_CODES: Final = 10
"""Recovery codes of a person; each works once."""

FAILURES_OF_CODES: Final = 10
"""Wrong codes of a person in an hour, from all addresses together."""

FAILURE_WINDOW: Final = timedelta(hours=1)

SECOND_STEP_LIFETIME: Final = timedelta(minutes=10)
"""How long somebody may take from the password to the code."""

SETUP_LIFETIME: Final = timedelta(minutes=30)
"""How long somebody may take from the QR code to the first code."""

# Crockford's base 32: no letter looks like a digit.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECOVERY_LENGTH: Final = 16
_GROUP: Final = 4

_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_DIGITS_ONLY: Final = re.compile(rf"[0-9]{{{DIGITS}}}")


@dataclass(frozen=True, slots=True)
class TimeCode:
    """A typed code of an authenticator app."""

    digits: str


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """A typed recovery code, without its hyphens."""

    letters: str


def step_of(now: datetime) -> int:
    """The number of the current step."""
    return int(now.timestamp()) // int(STEP.total_seconds())


def steps_at(now: datetime) -> Iterator[int]:
    """The steps whose codes are valid now, the current one first."""
    step = step_of(now)
    yield step
    for drift in range(1, DRIFT + 1):
        yield step - drift
        yield step + drift


def read_code(text: str) -> TimeCode | RecoveryCode | None:
    """The code in a typed text, with or without blanks and hyphens; None if it is not a code."""
    plain = "".join(text.split()).upper().translate(_READ_AS)
    if _DIGITS_ONLY.fullmatch(plain):
        return TimeCode(plain)
    if len(plain) == _RECOVERY_LENGTH and set(plain) <= set(_ALPHABET):
        return RecoveryCode(plain)
    return None


def write_recovery_code(random: bytes) -> RecoveryCode:
    """The recovery code of ten random bytes."""
    number = int.from_bytes(random)
    return RecoveryCode(
        "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_RECOVERY_LENGTH))
    )


def show_recovery_code(code: RecoveryCode) -> str:
    """The code in groups of four letters."""
    letters = code.letters
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def recovery_hash(code: RecoveryCode) -> bytes:
    """The hash of a recovery code that is stored. 80 random bits need no slow hash."""
    return sha256(f"sconto recovery code {code.letters}".encode()).digest()


def limit_of_codes(user_id: int, *, is_known: bool) -> FailureLimit:
    """The limit of wrong codes of a person.

    Addresses from which the person signed in before have a limit of their own: somebody who has
    only the password cannot keep the person out there.
    """
    where = "known" if is_known else "elsewhere"
    return FailureLimit(f"second factor {user_id} {where}", FAILURES_OF_CODES, FAILURE_WINDOW)
