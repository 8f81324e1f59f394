"""`sconto database`: the commands of the manual's page about upgrading, and refusals."""

import re
import shlex
import stat
from pathlib import Path

import psycopg
import pytest

from sconto.store.embedded import hold_server
from tests.cli.conftest import Sconto
from tests.house.sources import ROOT
from tests.prepared import prepare_data_dir

PAGE = ROOT / "docs" / "upgrading.md"


def commands_of_the_page() -> list[list[str]]:
    """The `export` and `sconto` lines of the page's blocks for a shell."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


@pytest.fixture
def bundled(sconto: Sconto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sconto:
    """`sconto` on the bundled database of `.sconto` in the folder `tmp_path`."""
    monkeypatch.delenv("SCONTO_DATABASE_URL")
    monkeypatch.delenv("SCONTO_SECRET_KEY")
    monkeypatch.setenv("SCONTO_DATA_DIR", str(tmp_path / ".sconto"))
    return sconto


async def test_the_pages_commands_move_everything_to_a_new_folder(
    bundled: Sconto, prepared_cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_data_dir(prepared_cluster, tmp_path / ".sconto")
    with hold_server(tmp_path / ".sconto") as url, psycopg.connect(url, autocommit=True) as old:
        old.execute("INSERT INTO merchants (name) VALUES ('acme')")
        [[epoch]] = old.execute("SELECT epoch FROM token_epoch").fetchall()
        dump, *rest = commands_of_the_page()
        assert (await bundled(*dump[1:])).code == 0
    file = tmp_path / "sconto.dump"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "exists: name a new file" in (await bundled(*dump[1:])).err
    for program, *arguments in rest:
        if program == "export":
            name, _, value = arguments[0].partition("=")
            monkeypatch.setenv(name, value)
        elif arguments != ["serve"]:
            ended = await bundled(*arguments)
            assert ended.code == 0, ended.err
    with hold_server(tmp_path / ".sconto-new") as url, psycopg.connect(url) as new:
        assert new.execute("SELECT name FROM merchants").fetchall() == [("acme",)]
        assert new.execute("SELECT epoch FROM token_epoch").fetchall() != [(epoch,)]
        refused = await bundled("database", "load", "sconto.dump")
        assert "is not empty: name a new SCONTO_DATA_DIR" in refused.err


async def test_another_servers_database_is_refused(sconto: Sconto) -> None:
    for arguments in (["dump", "new.dump"], ["load", "new.dump"]):
        refused = await sconto("database", *arguments)
        assert refused.code == 1
        assert "use its own pg_dump and pg_restore" in refused.err


async def test_a_file_that_does_not_exist_starts_no_database(
    bundled: Sconto, tmp_path: Path
) -> None:
    refused = await bundled("database", "load", "no.dump")
    assert "no.dump does not exist" in refused.err
    assert not (tmp_path / ".sconto").exists()
