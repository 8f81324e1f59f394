"""A data folder for each test, with nothing left running afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.prepared import prepare_data_dir
from tests.store.embedded.holders import find_keepers, find_servers, kill, wait_until


@pytest.fixture
def new_data_dir(tmp_path: Path) -> Iterator[Path]:
    """The path of a data folder that does not exist yet; its server and keeper must end."""
    folder = tmp_path / "data"
    yield folder
    try:
        wait_until(lambda: not find_servers(folder) and not find_keepers(folder))
    finally:
        kill(*find_keepers(folder), *find_servers(folder))


@pytest.fixture
def data_dir(new_data_dir: Path, prepared_cluster: Path) -> Path:
    """A data folder with a cluster."""
    prepare_data_dir(prepared_cluster, new_data_dir)
    return new_data_dir
