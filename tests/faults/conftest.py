"""Each test of faults has its own PostgreSQL server and service."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import SECRET_KEY
from tests.faults.cluster import Cluster, open_folder
from tests.services import Service

Settings = Callable[[str], dict[str, str]]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the user who runs PostgreSQL can enter."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def cluster(folder: Path, prepared_cluster: Path) -> Iterator[Cluster]:
    """A server with the newest schema that only this test uses."""
    with Cluster.running(folder / "primary", prepared_cluster) as cluster:
        yield cluster


@pytest.fixture
def settings_for() -> Settings:
    """The settings of a service for a database URL."""
    return lambda url: {"SCONTO_DATABASE_URL": url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}


@pytest.fixture
def service(cluster: Cluster, folder: Path, settings_for: Settings) -> Iterator[Service]:
    """A service of two processes on that server."""
    running = Service.running(folder / "service", settings_for(cluster.url), "--workers", "2")
    with running as service:
        yield service
