"""The server's side of connections: what a client may send, how long it may take, and how many."""

from sconto.cli.connections.factory import ConnectionFactory
from sconto.cli.connections.limits import ConnectionLimits, raise_descriptor_limit

__all__ = ["ConnectionFactory", "ConnectionLimits", "raise_descriptor_limit"]
