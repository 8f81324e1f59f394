"""How often a sign-in may fail before the next one is refused unseen."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

WINDOW: Final = timedelta(minutes=15)

FAILURES_OF_A_USER: Final = 10
FAILURES_OF_AN_ADDRESS: Final = 50

LONGEST_LOOK: Final = timedelta(minutes=1)
"""An attempt that has been under way for longer lost its process, and counts as a failure."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose failures are counted together, and how many of them a window lets pass."""

    key: str
    allowed: int


def subjects_of_attempt(username: str, address: str) -> tuple[Subject, Subject]:
    """Whose failure it would be: the user's, known or not, and the address's."""
    return (
        Subject(user_key(username), FAILURES_OF_A_USER),
        Subject(f"address {_network(address)}", FAILURES_OF_AN_ADDRESS),
    )


def user_key(username: str) -> str:
    """What stands for a name among the failures, whatever was typed: at times it is a password."""
    return f"user {sha256(username.encode('utf-8', 'surrogatepass')).hexdigest()}"


def seconds_until(free_at: datetime, now: datetime) -> int:
    """Whole seconds to wait, at least one."""
    return max(1, -((now - free_at) // timedelta(seconds=1)))


def _network(address: str) -> str:
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
