"""Keeps `/metrics` to a port of its own, which monitoring reaches and shoppers do not."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from sconto.api import problem_json
from sconto.api.base_path import inner_path

_METRICS: Final = "/metrics"
_HEALTH: Final = "/health/"


class MetricsAddress:
    """Serves `/metrics` on that port alone, and nothing else there but `/health/...`."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer 404."""
        if scope["type"] == "http" and not self._is_at_home(scope):
            await problem_json.answer_status(404)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_at_home(self, scope: Scope) -> bool:
        path = inner_path(scope)
        if path.startswith(_HEALTH):
            return True
        server = scope.get("server")
        return (path == _METRICS) is (server is not None and server[1] == self._port)
