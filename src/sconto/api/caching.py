"""Keeps answers out of caches: all but static files are private to the caller."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Caching:
    """Adds `Cache-Control` to each answer that has none.

    A shared cache does not know `AuthorizationJWT`, so without `no-store` it could give one
    merchant's answer to another. A file, which has an ETag, may be cached and is revalidated.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request."""

        def send_with_caching(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                fields = dict(headers)
                if b"cache-control" not in fields:
                    directive = b"no-cache" if b"etag" in fields else b"no-store"
                    message["headers"] = [*headers, (b"cache-control", directive)]
            return send(message)

        return self._app(scope, receive, send_with_caching)
