"""How often a sign-in may fail before the next one is refused, and who is exempt from it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

from sconto.domain.names import is_name

WINDOW: Final = timedelta(minutes=15)

FAILURES_OF_A_PAIR: Final = 10
"""Failures of one name from one address in a window."""

FAILURES_OF_AN_ADDRESS: Final = 50
"""Failures of one address in a window, whatever the names."""

NAME_WINDOW: Final = timedelta(hours=1)

FAILURES_OF_A_NAME: Final = 100
"""Failures of one name in its window, whatever the addresses. A new address that signs in counts
too: otherwise an admin elsewhere could learn another user's password from their own sign-ins."""

LONGEST_FAILURE_WINDOW: Final = NAME_WINDOW

ADDRESS_KNOWN_FOR: Final = timedelta(days=30)
"""How long an address stays known for a user who signed in from it."""

MOST_KNOWN_ADDRESSES: Final = 100
"""How many addresses are known for one user at most; the latest stay."""

EXEMPT_AFTER_CHANGE: Final = WINDOW
"""How long a user who was changed, say got a new password, is exempt like a known address."""

EXEMPT_CHECK_INTERVAL: Final = timedelta(seconds=1)
"""The time between two passwords that are checked for an exempt user beyond the limit."""

ATTEMPT_LOST_AFTER: Final = timedelta(minutes=1)
"""An attempt that has been under way for longer lost its process, and counts as a failure."""

MOST_USERS_TRIED: Final = 16
"""How many users one plain name is tried against."""


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """Whose failures are counted together, and how many of them a window lets pass.

    An attempt counts against a subject that is not binding, but is not refused for it.
    """

    key: str
    allowed: int
    window: timedelta = WINDOW
    binding: bool = True


@dataclass(frozen=True, slots=True)
class TypedName:
    """What somebody typed as a name, and the merchant and user that it may be the long form of."""

    text: str
    merchant: str | None
    username: str | None


def read_name(text: str) -> TypedName | None:
    """The name as typed; None for what can name nobody.

    No new user's name has a slash, so the last one ends the merchant's name, which may have some.
    """
    merchant, _, username = text.rpartition("/")
    if is_name(merchant) and is_name(username):
        return TypedName(text, merchant, username)
    return TypedName(text, None, None) if is_name(text) else None


def limits_of_attempt(
    name: str, address: str, *, is_exempt: bool = False, holder: int | None = None
) -> tuple[FailureLimit, ...]:
    """Whose failure it would be: the pair's, the address's and the name's.

    Of an exempt user only the pair's count binds. A user who holds a valid token is bound by a
    count of their own, `holder`, and by none of these.
    """
    bound = holder is None
    subjects = (
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
        return subjects
    return (*subjects, FailureLimit(f"holder {holder}", FAILURES_OF_A_PAIR))


def name_key(name: str) -> str:
    """What stands for a name among the failures, whatever was typed: at times it is a password."""
    return f"name {_hash(name)}"


def pair_key(name: str, address: str) -> str:
    """What stands for a name together with an address."""
    return f"pair {_hash(name)} {network_of(address)}"


def known_address_hash(name: str, address: str) -> bytes:
    """What is stored of an address from which a user signed in, and of the name that they typed."""
    return sha256(pair_key(name, address).encode()).digest()


def password_checks_for(candidates: int) -> int:
    """How many checks of a password an answer takes the time of: at least two.

    Others are added up to a power of two, so that the time does not tell how many users of other
    merchants have the name.
    """
    return max(2, 1 << (candidates - 1).bit_length()) if candidates else 2


def seconds_until(free_at: datetime, now: datetime) -> int:
    """Whole seconds to wait, at least one."""
    return max(1, -((now - free_at) // timedelta(seconds=1)))


def network_of(address: str) -> str:
    """What one person holds: an IPv4 address, or the 2**64 addresses of one IPv6 network."""
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
