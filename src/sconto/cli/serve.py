"""`sconto serve`: runs the service until it is told to stop."""

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Annotated, Final

import typer
from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess

from sconto.api.logs import open_log
from sconto.cli.connections import (
    ConnectionFactory,
    ConnectionLimits,
    raise_descriptor_limit,
)
from sconto.cli.database import (
    bring_up_to_date,
    find_lacks,
    require_schema,
    running_database,
)
from sconto.cli.loading import load_module
from sconto.cli.privileges import drop_privileges
from sconto.cli.refusals import CommandRefused
from sconto.cli.termination import exit_if_stopped, terminable
from sconto.settings import Settings
from sconto.store.database import DatabaseUnavailable

APPLICATION: Final = "sconto.app:create_app"

_METRICS_FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"

_SHUTDOWN_TIMEOUT: Final = 30
"""Seconds that running requests may take to end after the service is told to stop."""

_HEARTBEAT_TIMEOUT: Final = 30
"""A worker that does not answer for this many seconds is replaced. Starting takes less, even on a
busy machine."""

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 picks a free one.")]
Workers = Annotated[int, typer.Option(min=1, help="The number of worker processes.")]
NoMigrate = Annotated[
    bool, typer.Option("--no-migrate", help="Do not update the database's schema.")
]


class AddressUnavailable(CommandRefused):
    """The service cannot listen on the given address."""


def serve(
    host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = 1, no_migrate: NoMigrate = False
) -> None:
    """Run the service until it is told to stop.

    First it updates the database to the newest schema.
    """
    settings = Settings.read()
    settings.require_secret_key()
    drop_privileges()
    with terminable(), bind(host, port) as listener, running_database(settings) as url:
        _prepare_schema(url, migrate=not no_migrate)
        _warn_of_missing_session_settings(url)
        run_service(settings.with_database(url), listener, workers)


def run_service(
    settings: Settings,
    listener: socket.socket,
    workers: int,
    app: str = APPLICATION,
    limits: ConnectionLimits = ConnectionLimits(),  # noqa: B008  # frozen
) -> None:
    """Serve on a bound socket. The database must run and have the right schema.

    `app` names the function that makes a worker's application. `limits` are reduced if the process
    may not open enough files.
    """
    open_log(settings.log_format)
    limits = limits.fitted_to(raise_descriptor_limit())
    with (
        tempfile.TemporaryDirectory(prefix="sconto-metrics-") as folder,
        _bind_metrics(settings, listener) as own,
    ):
        listeners = [listener, *own]
        for figures in own:
            # The workers must know which port was free.
            host, port = figures.getsockname()[:2]
            settings = replace(settings, metrics_address=(host, port))
        # The workers read these variables. prometheus-client reads its own when it is imported, so
        # nothing may import it before this line.
        os.environ.update(settings.as_environment())
        os.environ.pop(_METRICS_FOLDER_VARIABLE, None)
        if workers > 1:
            # Each worker counts in a file here, so that each can add up the counts of all.
            os.environ[_METRICS_FOLDER_VARIABLE] = folder
        config = _config(app, workers, limits)
        for each in listeners:
            each.listen(config.backlog)
        typer.echo(f"Sconto listens on {address_of(listener)}{settings.base_path}")
        for figures in listeners[1:]:
            typer.echo(f"Its figures are at {address_of(figures)}/metrics")
        exit_if_stopped()
        if workers == 1:
            load_module(app.partition(":")[0])
            Server(config).run(listeners)
        else:
            _Workers(config, listeners).run()


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises AddressUnavailable."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.set_inheritable(True)
        except OSError:
            listener.close()
            raise
    except UnicodeError:
        raise AddressUnavailable(f"cannot listen on {host!r}: no host has such a name") from None
    except OSError as error:
        raise AddressUnavailable(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return listener


@contextmanager
def _bind_metrics(settings: Settings, listener: socket.socket) -> Iterator[list[socket.socket]]:
    """The socket of SCONTO_METRICS_ADDRESS; none without it. Raises AddressUnavailable."""
    if settings.metrics_address is None:
        yield []
        return
    host, port = settings.metrics_address
    # The workers distinguish the two by their ports.
    if port == listener.getsockname()[1]:
        raise AddressUnavailable(
            f"SCONTO_METRICS_ADDRESS has port {port}, on which the service listens: expected "
            "another port"
        )
    with bind(host, port) as own:
        yield [own]


def address_of(listener: socket.socket) -> str:
    """The URL of the service."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _prepare_schema(url: str, *, migrate: bool) -> None:
    if migrate:
        bring_up_to_date(url)
        return
    try:
        require_schema(url)
    except DatabaseUnavailable as error:
        # With --no-migrate the database may start and be migrated later. The service is not ready
        # until then.
        typer.echo(f"sconto: the database cannot be reached yet: {error}", err=True)


def _warn_of_missing_session_settings(url: str) -> None:
    with suppress(DatabaseUnavailable):
        lacking, faults = find_lacks(url)
        if lacking:
            typer.echo(
                f"sconto: the database's sessions lack {', '.join(lacking)}: "
                "give them to its role (see PgBouncer in docs/scale.md)",
                err=True,
            )
        for fault in faults:
            typer.echo(f"sconto: {fault} (see Citus in docs/scale.md)", err=True)


def _config(app: str, workers: int, limits: ConnectionLimits) -> Config:
    return Config(
        app,
        factory=True,
        workers=workers,
        loop="uvloop",
        http=ConnectionFactory(limits),  # type: ignore[arg-type]  # called like a class
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Only the operator knows which proxy may set a client's address.
        proxy_headers="FORWARDED_ALLOW_IPS" in os.environ,
        timeout_keep_alive=limits.idle_seconds,
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
        timeout_worker_healthcheck=_HEARTBEAT_TIMEOUT,
    )


class _Workers(Multiprocess):
    """The worker processes; a worker that dies is replaced."""

    _is_stopping = False

    def handle_term(self) -> None:
        """Stop; a worker that fails from now on does not fail the service."""
        self._is_stopping = True
        super().handle_term()

    def handle_int(self) -> None:
        """Stop; a worker that fails from now on does not fail the service."""
        self._is_stopping = True
        super().handle_int()

    def terminate_all(self) -> None:
        """Tell the workers to stop, and refuse new connections immediately."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()

    def run(self) -> None:
        """Serve until told to stop. Raises SystemExit if the workers cannot start."""
        super().run()
        has_failed = any(worker.exitcode == STARTUP_FAILURE for worker in self.processes)
        if has_failed and not self._is_stopping:
            sys.exit(1)
