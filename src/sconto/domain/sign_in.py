"""How often a sign-in may fail before the next one is refused, and who is exempt."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

from sconto.domain.names import is_name

WINDOW: Final = timedelta(minutes=15)

FAILURES_OF_A_PAIR: Final = 10
"""Allowed failures of one name from one address in a window."""

FAILURES_OF_AN_ADDRESS: Final = 50
"""Allowed failures from one address in a window, with any names."""

NAME_WINDOW: Final = timedelta(hours=1)

FAILURES_OF_A_NAME: Final = 100
"""Allowed failures of one name in its window, from any addresses. A sign-in from a new address
counts too: otherwise an admin elsewhere could learn a user's password from their own sign-ins."""

LONGEST_FAILURE_WINDOW: Final = NAME_WINDOW

ADDRESS_KNOWN_FOR: Final = timedelta(days=30)
"""How long an address stays known after a user signed in from it."""

MAX_KNOWN_ADDRESSES: Final = 100
"""The most known addresses of a user; the latest stay."""

EXEMPT_AFTER_CHANGE: Final = WINDOW
"""How long a user is exempt after a change, for example of the password."""

EXEMPT_CHECK_INTERVAL: Final = timedelta(seconds=1)
"""The time between two password checks of an exempt user beyond the limit."""

ATTEMPT_LOST_AFTER: Final = timedelta(minutes=1)
"""An attempt that takes longer has lost its process, and counts as a failure."""

MAX_USERS_TRIED: Final = 16
"""How many users a name without a merchant is checked against."""


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """Whose failures are counted together, and how many are allowed in a window.

    Attempts count against a limit that is not `binding`, but are not refused for it.
    """

    key: str
    allowed: int
    window: timedelta = WINDOW
    binding: bool = True


@dataclass(frozen=True, slots=True)
class TypedName:
    """A typed name, and the merchant and user that `merchant/user` may stand for."""

    text: str
    merchant: str | None
    username: str | None


def read_name(text: str) -> TypedName | None:
    """The name as typed; None if nobody can have it.

    New users have no slash in their names, so the last slash ends the merchant's name, which may
    contain slashes.
    """
    merchant, _, username = text.rpartition("/")
    if is_name(merchant) and is_name(username):
        return TypedName(text, merchant, username)
    return TypedName(text, None, None) if is_name(text) else None


def limits_of_attempt(
    name: str, address: str, *, is_exempt: bool = False, holder: int | None = None
) -> tuple[FailureLimit, ...]:
    """The limits that an attempt counts against: of the pair, the address and the name.

    For an exempt user only the pair's limit is binding. A user with a valid token has only a limit
    of their own, by their id `holder`.
    """
    bound = holder is None
    limits = (
        FailureLimit(pair_key(name, address), FAILURES_OF_A_PAIR, binding=bound),
        FailureLimit(
            f"address {network_of(address)}",
            FAILURES_OF_AN_ADDRESS,
            binding=bound and not is_exempt,
        ),
        FailureLimit(
            name_key(name), FAILURES_OF_A_NAME, NAME_WINDOW, binding=bound and not is_exempt
        ),
    )
    if holder is None:
        return limits
    return (*limits, limit_of_holder(holder))


def limit_of_holder(user_id: int) -> FailureLimit:
    """The limit of a user with a valid token or session."""
    return FailureLimit(f"holder {user_id}", FAILURES_OF_A_PAIR)


def name_key(name: str) -> str:
    """The key of a name in the failures: a hash, because people type passwords as names."""
    return f"name {_hash(name)}"


def pair_key(name: str, address: str) -> str:
    """The key of a name together with an address."""
    return f"pair {_hash(name)} {network_of(address)}"


def known_address_hash(name: str, address: str) -> bytes:
    """The stored hash of a known address and of the name that was typed there."""
    return sha256(pair_key(name, address).encode()).digest()


def password_checks_for(candidates: int) -> int:
    """How many password checks an attempt makes: a power of two, at least two.

    Dummy checks are added, so that the time does not show how many users of other merchants have
    the name.
    """
    return max(2, 1 << (candidates - 1).bit_length()) if candidates else 2


def seconds_until(free_at: datetime, now: datetime) -> int:
    """The whole seconds until then, at least one."""
    return max(1, -((now - free_at) // timedelta(seconds=1)))


def network_of(address: str) -> str:
    """The addresses that one person may have: an IPv4 address, or an IPv6 network of 2**64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), 64), strict=False))


def _hash(name: str) -> str:
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
