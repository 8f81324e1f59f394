"""The till: the shop's client of Sconto's HTTP API, at the address of the service itself."""

from typing import Final

import httpx

from sconto.client import AsyncClient

Server = tuple[str, int]
"""A host and a port."""

_RETRY_SECONDS: Final = 3.0
"""Seconds for which a shopper waits for a Sconto that does not answer."""

_TIMEOUT: Final = 10.0


class Till:
    """Calls the API as one user. The address is known when the first shopper comes."""

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password
        self._clients: dict[Server, AsyncClient] = {}

    def client_at(self, server: Server) -> AsyncClient:
        """The client of the service at this address."""
        if server not in self._clients:
            host, port = server
            # One connection per request: nothing is left to close when the service stops.
            limits = httpx.Limits(max_keepalive_connections=0)
            self._clients[server] = AsyncClient(
                f"http://{f'[{host}]' if ':' in host else host}:{port}",
                username=self._username,
                password=self._password,
                retry_seconds=_RETRY_SECONDS,
                http=httpx.AsyncClient(limits=limits, timeout=_TIMEOUT, trust_env=False),
            )
        return self._clients[server]
