"""The provider of single sign-on; its libraries are imported at its first use."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from sconto.domain.single_sign_on import Claims, SignOnRules


class ProviderFailed(Exception):
    """The provider cannot be reached, or its answer cannot be trusted."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The provider's address, and our credentials there; a public client has no secret."""

    issuer: str
    client_id: str
    client_secret: str
    scope: str


@dataclass(frozen=True, slots=True)
class StartedSignIn:
    """A sign-in that has begun: where to send the browser, and what only this browser may know."""

    url: str
    state: str
    nonce: str
    verifier: str


class Provider(Protocol):
    """What the pages need from a provider."""

    async def start(self, redirect_uri: str) -> StartedSignIn:
        """Begin a sign-in. Raises ProviderFailed."""

    async def finish(
        self, redirect_uri: str, code: str, nonce: str, verifier: str, now: datetime
    ) -> Claims:
        """The verified claims of the person who signed in. Raises ProviderFailed."""


class SignInProvider:
    """A provider, its display name, and what its claims mean here."""

    def __init__(
        self,
        name: str,
        rules: SignOnRules,
        client: ClientCredentials,
        make: Callable[[ClientCredentials], Provider],
    ) -> None:
        self.name: Final = name
        self.rules: Final = rules
        self.client: Final = client
        self._make = make
        self._loading = asyncio.Lock()
        self._provider: Provider | None = None

    async def load(self) -> Provider:
        """The provider. It is made in a thread: importing its libraries takes half a second."""
        async with self._loading:
            if self._provider is None:
                self._provider = await asyncio.to_thread(self._make, self.client)
            return self._provider
