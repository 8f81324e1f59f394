"""Fixtures of the tests of operations."""

import pytest

from sconto.domain.people import Caller
from sconto.store.database import Database
from tests.operations.telling import Teller, a_teller


@pytest.fixture
async def teller(database: Database, merchant: Caller) -> Teller:
    """A merchant whose events are recorded."""
    return await a_teller(database, merchant)
