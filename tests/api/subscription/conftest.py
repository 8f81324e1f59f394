"""The platform of a new merchant."""

from collections.abc import Callable

import httpx
import pytest

from sconto.domain.people import Caller
from tests.api.subscription.platform import Platform


@pytest.fixture
def platform(
    client: httpx.AsyncClient, merchant: Caller, bearer: Callable[[Caller], dict[str, str]]
) -> Platform:
    return Platform(client, bearer(merchant))
