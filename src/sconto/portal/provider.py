"""An OpenID Connect provider: where it signs people in, and what it says about them.

Authorization code flow with state, nonce and PKCE (RFC 7636). The ID token is verified with the
provider's keys, by issuer, audience, time and nonce (OpenID Connect Core, section 3.1.3.7).

`sign_in_provider` imports this at its first use.
"""

import asyncio
import secrets
import ssl
from collections.abc import Mapping
from datetime import datetime
from time import monotonic
from typing import Any, Final

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from httpx2 import HTTPError, InvalidURL
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from sconto.domain.single_sign_on import Claims
from sconto.operations.sign_in_provider import ClientCredentials, ProviderFailed, StartedSignIn

_DISCOVERY: Final = "/.well-known/openid-configuration"

_ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""Signatures with the provider's own key: never `none`, nor one that a client's secret makes."""

_TIMEOUT: Final = 10
"""Seconds that the provider may take for each answer."""

_FRESH_FOR: Final = 3600.0
"""Seconds for which the provider's addresses are cached."""

_NO_RETRY_FOR: Final = 5.0
"""Seconds after a failure in which the provider's addresses are not asked for again."""

_LEEWAY: Final = 60
"""Seconds by which the provider's clock may differ."""

_TOGETHER: Final = 4
"""Answers of the provider that a process waits for together: strangers can ask for any."""

_NO_KEYS: Final = KeySet([])

_FAILURES: Final = (
    AuthlibBaseError,
    HTTPError,
    InvalidURL,
    JoseError,
    KeyError,
    TypeError,
    ValueError,
)
"""What the libraries raise for answers that cannot be used."""


class OpenIdProvider:
    """One provider, with its cached addresses and keys."""

    def __init__(self, client: ClientCredentials) -> None:
        self._client = client
        self._metadata: Mapping[str, Any] | None = None
        self._asked_at = -_FRESH_FOR
        self._asking = asyncio.Lock()
        self._keys: KeySet | None = None
        self._slots = asyncio.Semaphore(_TOGETHER)
        # Reading the certificates of this machine takes 20 ms.
        self._tls = ssl.create_default_context()

    async def start(self, redirect_uri: str) -> StartedSignIn:
        """Begin a sign-in. Raises ProviderFailed."""
        metadata = await self._find_metadata()
        verifier = secrets.token_urlsafe(48)
        state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        async with self._session(metadata, redirect_uri) as session:
            try:
                url, _ = session.create_authorization_url(
                    metadata["authorization_endpoint"],
                    state=state,
                    nonce=nonce,
                    code_verifier=verifier,
                )
            except _FAILURES as error:
                raise ProviderFailed(type(error).__name__) from error
        return StartedSignIn(url, state, nonce, verifier)

    async def finish(
        self, redirect_uri: str, code: str, nonce: str, verifier: str, now: datetime
    ) -> Claims:
        """The verified claims of the person who signed in. Raises ProviderFailed."""
        metadata = await self._find_metadata()
        try:
            async with self._slots, self._session(metadata, redirect_uri) as session:
                token = await session.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=redirect_uri,
                    code_verifier=verifier,
                )
                return await self._verify(session, metadata, str(token["id_token"]), nonce, now)
        except _FAILURES as error:
            raise ProviderFailed(type(error).__name__) from error

    async def _verify(
        self,
        session: Any,
        metadata: Mapping[str, Any],
        id_token: str,
        nonce: str,
        now: datetime,
    ) -> Claims:
        registry = JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
        try:
            token = jwt.decode(id_token, self._keys or _NO_KEYS, registry=registry)
        except (InvalidKeyIdError, BadSignatureError):
            # The provider may have new keys.
            keys = await self._read_keys(session, metadata)
            token = jwt.decode(id_token, keys, registry=registry)
        claims = token.claims
        JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._client.issuer},
            aud={"essential": True, "value": self._client.client_id},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(claims)
        if claims.get("azp", self._client.client_id) != self._client.client_id:
            raise ProviderFailed("another client's token")
        return claims

    async def _read_keys(self, session: Any, metadata: Mapping[str, Any]) -> KeySet:
        answer = await session.request("GET", metadata["jwks_uri"], withhold_token=True)
        answer.raise_for_status()
        self._keys = KeySet.import_key_set(answer.json())
        return self._keys

    async def _find_metadata(self) -> Mapping[str, Any]:
        """The provider's own description. Raises ProviderFailed."""
        async with self._asking:
            age = monotonic() - self._asked_at
            if self._metadata is not None and age < _FRESH_FOR:
                return self._metadata
            if self._metadata is None and age < _NO_RETRY_FOR:
                raise ProviderFailed("it failed a moment ago")
            self._asked_at = monotonic()
            self._metadata = None
            self._metadata = await self._read_metadata()
            return self._metadata

    async def _read_metadata(self) -> Mapping[str, Any]:
        issuer = self._client.issuer
        try:
            async with self._session({}, "") as session:
                answer = await session.request(
                    "GET", f"{issuer.rstrip('/')}{_DISCOVERY}", withhold_token=True
                )
                answer.raise_for_status()
                metadata: Mapping[str, Any] = answer.json()
                named = metadata["issuer"]
                if not all(
                    isinstance(metadata[name], str)
                    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
                ):
                    raise ProviderFailed("its description lacks addresses")
        except _FAILURES as error:
            raise ProviderFailed(type(error).__name__) from error
        if named != issuer:
            raise ProviderFailed("its description names another issuer")
        return metadata

    def _session(self, metadata: Mapping[str, Any], redirect_uri: str) -> Any:
        return AsyncOAuth2Client(
            self._client.client_id,
            self._client.client_secret or None,
            token_endpoint_auth_method=self._method(metadata),
            scope=self._client.scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT,
            verify=self._tls,
            follow_redirects=False,
        )

    def _method(self, metadata: Mapping[str, Any]) -> str:
        """Our method of authentication at the token endpoint."""
        if not self._client.client_secret:
            return "none"
        known = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"
