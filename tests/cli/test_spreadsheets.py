"""Exported codes that a person opens in a spreadsheet, saves, and imports again."""

import csv
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion, get_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.cli.conftest import Ended, Sconto

CODES = ("Жук-2026", "ЁЛКА", "-A1", "SUMMER", "X.Y_Z")

Save = Callable[[Path], bytes]


def saved_by_libreoffice(delimiter: str) -> Save:
    """The file after a person opens it in LibreOffice and saves it as CSV."""

    def save(path: Path) -> bytes:
        folder = path.with_name("saved")
        subprocess.run(
            [
                "soffice",
                # The tests share a profile, which takes a second to create.
                f"-env:UserInstallation=file://{path.parents[1] / 'libreoffice'}",
                "--headless",
                # The dialog chooses this for a person, because the file has a byte order mark.
                "--infilter=CSV:44,34,UTF8",
                "--convert-to",
                f"csv:Text - txt - csv (StarCalc):{ord(delimiter)},34,76",
                "--outdir",
                str(folder),
                str(path),
            ],
            check=True,
            capture_output=True,
            timeout=100,
        )
        return (folder / path.name).read_bytes()

    return save


def saved_by_excel(delimiter: str, encoding: str) -> Save:
    """The bytes that Excel writes: it reads the mark, and adds empty columns and rows."""

    def save(path: Path) -> bytes:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
        lines = [delimiter.join([*row, "", ""]) for row in [*rows, [""] * len(rows[0])]]
        return "".join(f"{line}\r\n" for line in lines).encode(encoding)

    return save


SPREADSHEETS = {
    "CSV UTF-8": saved_by_excel(";", "utf-8-sig"),
    "Unicode text": saved_by_excel("\t", "utf-16"),
    "LibreOffice": saved_by_libreoffice(","),
    "LibreOffice with semicolons": saved_by_libreoffice(";"),
}


@pytest.mark.parametrize(
    "name",
    [
        *list(SPREADSHEETS)[:-1],
        pytest.param("LibreOffice with semicolons", marks=pytest.mark.soak),
    ],
)
async def test_codes_saved_by_a_spreadsheet_can_be_imported(
    sconto: Sconto,
    database: Database,
    merchant: Caller,
    merchant_name: str,
    tmp_path: Path,
    name: str,
) -> None:
    if name.startswith("LibreOffice") and shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    exported = await create_promotion(database, merchant, a_promotion(codes=CODES), NOON)
    other = await create_promotion(database, merchant, a_promotion(codes=("X",)), NOON)
    path = tmp_path / "codes.csv"
    of_merchant = ("--merchant", merchant_name, "--promotion")
    done = await sconto("code", "export", "--output", path.name, *of_merchant, str(exported))
    assert done.code == 0, done.err
    path.write_bytes(SPREADSHEETS[name](path))
    done = await sconto("code", "import", path.name, *of_merchant, str(other))
    assert done == Ended(0, "5 codes added\n", "")
    assert (await get_promotion(database, merchant, other)).terms.codes == ("X", *CODES)
