"""Hosts in settings."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether the host is this machine itself, where nobody else can listen."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
