"""Keeps answers out of caches: all but static files are private to the caller."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Caching:
    """Adds `Cache-Control` to each answer that has none.

    A shared cache does not know `AuthorizationJWT`, so without `no-store` it could give one
    merchant's answer to another. A file, which has an ETag, may be cached and is revalidated.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""

        async def send_with_caching(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                names = {name for name, _ in headers}
                if b"cache-control" not in names:
                    directive = b"no-cache" if b"etag" in names else b"no-store"
                    message["headers"] = [*headers, (b"cache-control", directive)]
            await send(message)

        await self._app(scope, receive, send_with_caching)
