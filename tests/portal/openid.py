"""A real OpenID Connect provider on this machine, which checks PKCE and can be told to lie."""

import json
import threading
import warnings
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
from authlib.deprecate import AuthlibDeprecationWarning
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from werkzeug.serving import WSGIRequestHandler, make_server

CLIENT_ID: Final = "sconto"

Claims = dict[str, Any]
Start = Callable[..., Any]

with warnings.catch_warnings():
    # It still uses a module that its own library will drop, and always warns about it.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from oidc_provider_mock import app as make_app


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


def new_key() -> ECKey:
    """Another key with the same id; elliptic curves, because making an RSA key takes long."""
    return ECKey.generate_key("P-256", {"kid": "1"})


@dataclass
class Lies:
    """What the provider does wrong; by default nothing.

    `claims` changes the claims of ID tokens, `header` their header, and `key` signs them. `keys`
    replaces its published keys.
    """

    claims: Callable[[Claims], None] | None = None
    key: ECKey | OctKey | None = None
    algorithm: str = "ES256"
    metadata: Claims = field(default_factory=dict)


@dataclass
class Provider:
    """The running provider."""

    issuer: str
    lies: Lies = field(default_factory=Lies)
    challenges: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    own_key: ECKey = field(default_factory=new_key)

    def describe(self, subject: str, **claims: Any) -> None:
        """Set what the provider says about a user."""
        answer = httpx.put(f"{self.issuer}/users/{subject}", json=claims)
        assert answer.status_code == 204, answer.text

    def approve(self, url: str, subject: str) -> str:
        """Sign in at the provider, like a browser; returns where it sends the browser back."""
        answer = httpx.post(url, data={"sub": subject})
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    def deny(self, url: str) -> str:
        """Refuse at the provider; returns where it sends the browser back."""
        answer = httpx.post(url, data={"action": "deny"})
        return str(answer.headers["location"])


class _Watched:
    """Checks PKCE, which the provider does not, and rewrites its answers."""

    def __init__(self, app: Any, provider: Provider) -> None:
        self._app = app
        self._provider = provider

    def __call__(self, environ: dict[str, Any], start: Start) -> Any:
        provider, path = self._provider, environ["PATH_INFO"]
        provider.asked.append(path)
        if path == "/oauth2/authorize":
            query = parse_qs(environ["QUERY_STRING"])
            assert query["code_challenge_method"] == ["S256"]
            provider.challenges.append(query["code_challenge"][0])
        if path == "/oauth2/token":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = BytesIO(body)
            verifier = parse_qs(body.decode())["code_verifier"][0]
            challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
            if challenge not in provider.challenges:
                start("400 Bad Request", [("Content-Type", "application/json")])
                return [b'{"error": "invalid_grant"}']
        if path in ("/oauth2/token", "/jwks", "/.well-known/openid-configuration"):
            return self._rewritten(environ, start, path)
        return self._app(environ, start)

    def _rewritten(self, environ: dict[str, Any], start: Start, path: str) -> Any:
        seen: list[Any] = []
        body = b"".join(self._app(environ, lambda *head: seen.append(head)))
        status, headers = seen[0][:2]
        if status.startswith("200"):
            body = json.dumps(self._rewrite(path, json.loads(body))).encode()
        kept = [(name, value) for name, value in headers if name != "Content-Length"]
        start(status, [*kept, ("Content-Length", str(len(body)))])
        return [body]

    def _rewrite(self, path: str, answer: Claims) -> Claims:
        provider, lies = self._provider, self._provider.lies
        if path == "/jwks":
            return {"keys": [provider.own_key.as_dict(private=False)]}
        if path != "/oauth2/token":
            return answer | lies.metadata
        # The provider's library signs with a key that we do not know: sign again with ours.
        payload = answer["id_token"].split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if lies.claims is not None:
            lies.claims(claims)
        key = lies.key or provider.own_key
        header = {"alg": lies.algorithm, "kid": "1"}
        return answer | {"id_token": jwt.encode(header, claims, key, algorithms=[lies.algorithm])}


@contextmanager
def openid_provider() -> Iterator[Provider]:
    """A provider that signs in anybody."""
    provider = Provider("")
    server = make_server(
        "localhost", 0, _Watched(make_app(), provider), threaded=True, request_handler=_Quiet
    )
    provider.issuer = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def query_of(url: str) -> dict[str, str]:
    """The query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
