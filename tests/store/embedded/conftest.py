"""A data folder for each test, and nothing left running after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.embedded.holders import find_keepers, find_servers, kill, wait_until


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose server is gone, with its keeper, soon after the test."""
    folder = tmp_path / "data"
    yield folder
    try:
        wait_until(lambda: not find_servers(folder) and not find_keepers(folder))
    finally:
        kill(*find_keepers(folder), *find_servers(folder))
