"""Fixtures of the tests of operations."""

import pytest

from sconto.domain.people import Caller
from sconto.store.database import Database
from tests.operations.event_source import EventSource, an_event_source


@pytest.fixture
async def source(database: Database, merchant: Caller) -> EventSource:
    """A merchant whose events are recorded."""
    return await an_event_source(database, merchant)
