"""`sconto merchant export` and `import`."""

import gzip
from pathlib import Path

from sconto.domain.people import Caller
from sconto.store.database import Database
from tests.cli.conftest import Sconto


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_merchant_is_written_to_a_packed_file_that_only_its_owner_reads(
    sconto: Sconto, database: Database, merchant: Caller, tmp_path: Path
) -> None:
    async with database.read() as connection:
        name = await connection.fetchval(
            "SELECT name FROM merchants WHERE merchant_id = $1", merchant.merchant_id
        )
    file = tmp_path / "shop.gz"
    written = await sconto("merchant", "export", name, str(file))
    assert (written.code, written.err) == (0, "")
    assert written.out == f"Wrote merchant {name} (id {merchant.merchant_id}): 2 rows.\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert gzip.decompress(file.read_bytes()).startswith(b'{"sconto_merchant": 1,')
    assert names_in(tmp_path) == ["shop.gz"]

    again = await sconto("merchant", "export", name, str(file))
    assert (again.code, again.err) == (1, f"sconto: {file}: the file already exists\n")
    taken = await sconto("merchant", "import", str(file))
    assert taken.code == 1
    assert taken.err.startswith(f"sconto: this database has a merchant {name} with id")
    file.write_bytes(file.read_bytes()[:-20])
    cut = await sconto("merchant", "import", str(file))
    assert (cut.code, cut.err.count("\n")) == (1, 1)


async def test_an_unknown_merchant_leaves_no_file(sconto: Sconto, tmp_path: Path) -> None:
    refused = await sconto("merchant", "export", "nobody", str(tmp_path / "shop"))
    assert (refused.code, refused.err) == (1, "sconto: no merchant is called nobody\n")
    assert names_in(tmp_path) == []
