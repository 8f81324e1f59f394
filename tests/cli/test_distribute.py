"""`sconto distribute` on databases that cannot be distributed; `tests/citus` has one that can."""

import pytest

from tests.cli.conftest import Sconto


async def test_a_database_without_citus_is_refused_in_one_line(sconto: Sconto) -> None:
    refused = await sconto("distribute")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        "sconto: this database has no Citus extension: install Citus on every node, and run "
        "CREATE EXTENSION citus in this database on each (see docs/scale.md)\n"
    )


async def test_the_bundled_database_is_refused_in_one_line(
    sconto: Sconto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SCONTO_DATABASE_URL")
    refused = await sconto("distribute")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        "sconto: the bundled database cannot be distributed: let SCONTO_DATABASE_URL name the "
        "coordinator of a Citus cluster (see docs/scale.md)\n"
    )
