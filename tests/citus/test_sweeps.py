"""The background finds on the nodes what merchants without a promotion leave behind."""

from datetime import timedelta

import pytest

from sconto.domain.upload import KEPT_FOR
from sconto.operations import uploads
from sconto.operations.idempotency import KEY_LIFETIME, sweep_keys
from sconto.store.database import Database
from sconto.store.nodes import Nodes
from tests.builders import NOON
from tests.conftest import create_caller
from tests.operations.test_swept_keys import keys_of, use_keys


@pytest.mark.parametrize("calls", [True, False], ids=["functions", "statements"])
async def test_what_merchants_without_a_promotion_leave_is_swept(
    database_of_nodes: Database, monkeypatch: pytest.MonkeyPatch, *, calls: bool
) -> None:
    database = database_of_nodes
    monkeypatch.setattr(Nodes, "get_calls", calls)
    merchants = [await create_caller(database) for _ in range(8)]  # on several shards
    for merchant in merchants:
        await use_keys(database, merchant, {"old": NOON - KEY_LIFETIME, "new": NOON})
        await uploads.keep_upload(database, merchant, "a.csv", [b"A"], NOON)
    assert await sweep_keys(database, NOON) == len(merchants)
    assert [await keys_of(database, each) for each in merchants] == [{"new"}] * len(merchants)
    assert await uploads.remove_over(database, NOON + KEPT_FOR - timedelta(seconds=1)) == 0
    assert await uploads.remove_over(database, NOON + KEPT_FOR) == len(merchants)
    assert await sweep_keys(database, NOON + KEY_LIFETIME) == len(merchants)
