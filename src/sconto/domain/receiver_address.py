"""Where webhooks may be sent: addresses of the internet, and private ones that a setting names.

Sconto stands inside a network that outsiders cannot reach. A webhook's address is chosen by a user,
so it must not become a way into that network.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final
from urllib.parse import SplitResult, urlsplit

LONGEST_URL: Final = 2_000

Network = IPv4Network | IPv6Network

# Besides what `ipaddress` counts as not global, which differs between versions of Python.
_NEVER_PUBLIC: Final = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "::1/128",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)

# IPv6 addresses that carry an IPv4 address in some of their bits, counted from the last.
_CARRIERS: Final = (
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("::/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("2002::/16"), 80),
)

_HOST: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_PRINTABLE: Final = re.compile(r"[!-~]+")


class UrlRule(Enum):
    """What the URL of a webhook must be."""

    PRINTABLE = auto()
    """At most LONGEST_URL printable ASCII characters, without blanks."""
    URL = auto()
    HTTPS = auto()
    NO_USER = auto()
    NO_FRAGMENT = auto()
    """No fragment and no backslash."""
    HOST = auto()
    PUBLIC = auto()
    """No address in a private network, unless a setting names the network."""
    HTTPS_OUTSIDE = auto()
    """With TLS outside the networks that a setting names."""


class UrlRefused(ValueError):
    """A URL that webhooks cannot be sent to, and the rule that it breaks."""

    def __init__(self, rule: UrlRule) -> None:
        super().__init__(rule.name)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class ReceiverRules:
    """The private networks that webhooks may be sent to."""

    networks: tuple[Network, ...] = ()

    def allows(self, address: str) -> bool:
        """Whether a connection to the address may be made: global, or in a named network."""
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return self._is_named(parsed) or _is_public(parsed)

    def allows_plain(self, address: str) -> bool:
        """Whether a message may be sent to the address without TLS: only within a named network."""
        try:
            return self._is_named(ip_address(address.partition("%")[0]))
        except ValueError:
            return False

    def _is_named(self, address: IPv4Address | IPv6Address) -> bool:
        inner = _carried(address) or address
        return any(
            inner.version == network.version and inner in network for network in self.networks
        )


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks such as `10.1.0.0/16`, separated by commas. Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def check_url(url: str, rules: ReceiverRules) -> None:
    """Raise UrlRefused for a URL that no message can be sent to. Names are resolved at sending."""
    if len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url):
        raise UrlRefused(UrlRule.PRINTABLE)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlRefused(UrlRule.URL) from None
    if parts.scheme != "https" and not (parts.scheme == "http" and rules.networks):
        raise UrlRefused(UrlRule.HTTPS)
    if parts.username is not None or parts.password is not None:
        raise UrlRefused(UrlRule.NO_USER)
    if parts.fragment or "#" in url or "\\" in url:
        raise UrlRefused(UrlRule.NO_FRAGMENT)
    if port == 0 or not _is_host(parts):
        raise UrlRefused(UrlRule.HOST)
    _check_literal(parts.hostname or "", parts.scheme, rules)


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if ":" in host:
        return _parsed(host) is not None
    return len(host) <= 253 and _HOST.fullmatch(host) is not None and ".." not in host


def _check_literal(host: str, scheme: str, rules: ReceiverRules) -> None:
    address = _parsed(host)
    if address is not None and not rules.allows(str(address)):
        raise UrlRefused(UrlRule.PUBLIC)
    if address is not None and scheme == "http" and not rules.allows_plain(str(address)):
        raise UrlRefused(UrlRule.HTTPS_OUTSIDE)


def _parsed(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    carried = _carried(address)
    if carried is not None:
        return _is_public(carried)
    return address.is_global and not any(
        address.version == network.version and address in network for network in _NEVER_PUBLIC
    )


def _carried(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 or 6to4."""
    if isinstance(address, IPv4Address):
        return None
    for network, shift in _CARRIERS:
        if address in network and int(address) >> shift & 0xFFFFFFFF > 1:
            return IPv4Address(int(address) >> shift & 0xFFFFFFFF)
    return None
