"""Serves the application below a path of its own, such as `/promotions`."""

from starlette.types import ASGIApp, Receive, Scope, Send


class BasePath:
    """Accepts requests whether or not the proxy in front has removed the path.

    The application sees what ASGI requires: a `path` that begins with its `root_path`.
    """

    def __init__(self, app: ASGIApp, base_path: str) -> None:
        self._app = app
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http":
            base, path = self._base_path, scope["path"]
            scope["root_path"] = base
            if path == base:
                scope["path"] = f"{base}/"
            elif not path.startswith(f"{base}/"):
                scope["path"] = base + path
        await self._app(scope, receive, send)


def inner_path(scope: Scope) -> str:
    """The address of a request below the base path, such as `/v1/promotion`."""
    path: str = scope["path"]
    return path.removeprefix(base_path_of(scope))


def base_path_of(scope: Scope) -> str:
    """The base path; empty if Sconto has its host for itself."""
    # Within a mounted application `root_path` has the path of the mount too.
    base: str | None = scope.get("app_root_path")
    return scope.get("root_path", "") if base is None else base
