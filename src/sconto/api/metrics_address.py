"""Keeps `/metrics` to a port of its own, which monitoring reaches and shoppers do not."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from sconto.api import problem_json
from sconto.api.base_path import inner_path

FOR_MONITORING: Final = "sconto.for_monitoring"
"""True in the scope of a request that came to that port."""

_METRICS: Final = "/metrics"
_HEALTH: Final = "/health/"


class MetricsAddress:
    """Serves `/metrics` on that port alone, and nothing else there but `/health/...`."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer 404."""
        if scope["type"] == "http":
            path, server = inner_path(scope), scope.get("server")
            is_here = server is not None and server[1] == self._port
            scope[FOR_MONITORING] = is_here
            if not path.startswith(_HEALTH) and (path == _METRICS) is not is_here:
                await problem_json.answer_status(404)(scope, receive, send)
                return
        await self._app(scope, receive, send)
