"""Makes the connections of one worker."""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from sconto.cli.connections.connection import Connection
from sconto.cli.connections.limits import ConnectionLimits
from sconto.cli.connections.open_connections import OpenConnections


class ConnectionFactory:
    """Called by uvicorn for each connection that it accepts."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open_connections = OpenConnections(limits)

    def __reduce__(self) -> tuple[type["ConnectionFactory"], tuple[ConnectionLimits]]:
        """Send a worker the limits; each worker counts its own connections."""
        return ConnectionFactory, (self.limits,)

    def __call__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> Connection:
        """The connection that was accepted."""
        return Connection(
            self.limits, self._open_connections, config, server_state, app_state, _loop
        )
