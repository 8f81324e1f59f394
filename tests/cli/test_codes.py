"""`sconto code`: import, export and generate."""

import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from sconto.domain.people import Caller
from sconto.operations.history import get_promotion_history
from sconto.operations.promotions import create_promotion, get_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.cli.conftest import Ended, Sconto, on_terminal
from tests.operations.test_sheet_files import a_book

Codes = Callable[[], Awaitable[tuple[str, ...]]]


@pytest.fixture
def codes(database: Database, merchant: Caller, promotion_id: int) -> Codes:
    """The promotion's codes now."""

    async def read() -> tuple[str, ...]:
        return (await get_promotion(database, merchant, promotion_id)).terms.codes

    return read


async def test_exported_codes_can_be_imported(
    sconto: Sconto,
    of_promotion: Sequence[str],
    codes: Codes,
    database: Database,
    merchant: Caller,
    promotion_id: int,
    tmp_path: Path,
) -> None:
    (tmp_path / "codes.csv").write_text("C\nD\n")
    imported = await sconto("code", "import", "codes.csv", *of_promotion)
    assert imported == Ended(0, "2 codes added\n", "")
    assert await codes() == ("A", "B", "C", "D")
    [entry] = (await get_promotion_history(database, merchant, promotion_id, limit=1)).entries
    assert (entry.username, entry.change.verb) == (None, "codes added")

    exported = await sconto("code", "export", "--output", "all.csv", *of_promotion)
    assert exported == Ended(0, "4 codes written\n", "")
    written = (tmp_path / "all.csv").read_bytes()
    assert written.count(b"\r\n") == 5
    # A file is for people, whose spreadsheets need the mark; standard output is for programs.
    assert written.startswith(b"\xef\xbb\xbfcoupon_code,")
    without_mark = written.removeprefix(b"\xef\xbb\xbf").decode()
    printed = await sconto("code", "export", *of_promotion)
    assert printed == Ended(0, without_mark.replace("\r\n", "\n"), "")

    other = await create_promotion(database, merchant, a_promotion(codes=("X",)), NOON)
    of_other = (*of_promotion[:-1], str(other))
    assert (await sconto("code", "import", "all.csv", *of_other)).code == 0


async def test_every_bad_line_is_named_and_nothing_is_imported(
    sconto: Sconto,
    of_promotion: Sequence[str],
    codes: Codes,
    tmp_path: Path,
) -> None:
    (tmp_path / "codes.csv").write_text("C\nD!\nb\nC\n" + "!\n" * 1000)
    refused = await sconto("code", "import", "codes.csv", *of_promotion)
    assert (refused.code, refused.out) == (1, "")
    lines = refused.err.splitlines()
    assert lines[:3] == [
        "codes.csv: line 2 is not a code: 1 to 30 letters, digits, dashes, underscores and dots",
        "codes.csv: line 3 has a code that the promotion already has",
        "codes.csv: line 4 has the code of an earlier line",
    ]
    assert lines[-2:] == [
        "codes.csv: and 3 more lines",
        "sconto: nothing was imported: 1,003 lines are not valid",
    ]
    assert await codes() == ("A", "B")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("coupon_code\nC\ncoupon_code\nD\n", "line 3 is a heading, and only the first line can be"),
        ("PROMO\nC\n", "line 1 may be a heading or a code: write coupon_code in a line above it"),
        ("Жук\n".encode("cp1251"), 'line 1 is not UTF-8: save the file as "CSV UTF-8"'),
    ],
)
async def test_a_line_without_a_code_is_named(
    sconto: Sconto,
    of_promotion: Sequence[str],
    codes: Codes,
    tmp_path: Path,
    content: str | bytes,
    expected: str,
) -> None:
    raw = content.encode() if isinstance(content, str) else content
    (tmp_path / "codes.csv").write_bytes(raw)
    refused = await sconto("code", "import", "codes.csv", *of_promotion)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith(f"codes.csv: {expected}")
    assert await codes() == ("A", "B")


async def test_codes_of_a_file_are_shown_and_what_is_open_is_said(
    sconto: Sconto, of_promotion: Sequence[str], codes: Codes, tmp_path: Path
) -> None:
    (tmp_path / "codes.csv").write_text("Wert;Aktion\n5;SUMMER SALE\n6;C\n")
    command = ("code", "import", "codes.csv", *of_promotion)
    bare = await sconto(*command, "--dry-run")
    assert (bare.code, bare.err.splitlines()) == (
        1,
        [
            "codes.csv: --column says which column has the codes",
            "sconto: nothing would be imported: 3 lines are not valid",
        ],
    )
    named = await sconto(*command, "--column", "B", "--heading")
    assert named.err.splitlines()[:2] == [
        "codes.csv: line 2 (column B) has a blank: is it one code, or several?",
        "codes.csv: --blanks several, dash or nothing says what a blank means",
    ]
    said = ("--column", "2", "--heading", "--blanks", "dash")
    shown = await sconto(*command, *said, "--dry-run")
    assert [line.split() for line in shown.out.splitlines()] == [
        ["line", "code", "problem"],
        ["2", "SUMMER-SALE"],
        ["3", "C"],
        ["column", "B", "has", "the", "codes"],
        ["2", "codes", "would", "be", "taken"],
    ]
    assert await codes() == ("A", "B")
    assert await sconto(*command, *said) == Ended(0, "2 codes added\n", "")
    assert await codes() == ("A", "B", "SUMMER-SALE", "C")

    (tmp_path / "codes.xlsx").write_bytes(a_book(("Code",), ("D",)))
    done = await sconto("code", "import", "codes.xlsx", *of_promotion)
    assert done == Ended(0, "1 code added\n", "")
    (tmp_path / "codes.xlsx").write_bytes(b"PK\x03\x04")
    done = await sconto("code", "import", "codes.xlsx", *of_promotion)
    assert done.err == "sconto: codes.xlsx cannot be read as a spreadsheet: save it as CSV\n"


async def test_the_exact_number_of_codes_is_generated(
    sconto: Sconto,
    of_promotion: Sequence[str],
    codes: Codes,
) -> None:
    pattern = ("--prefix", "S-", "--groups", "3", "--group-length", "3")
    generated = await sconto("code", "generate", "--count", "1234", *pattern, *of_promotion)
    assert generated == Ended(0, "1,234 codes generated\n", "")
    made = (await codes())[2:]
    assert len(set(made)) == 1234
    letters = "[2-9A-HJKMNP-TV-Z]{3}"
    assert all(re.fullmatch(f"S-{letters}-{letters}-{letters}", code) for code in made)


async def test_a_terminal_shows_how_many_codes_are_generated(
    sconto: Sconto, of_promotion: Sequence[str]
) -> None:
    seen = await on_terminal("code", "generate", "--count", "10000", *of_promotion)
    assert "10,000 codes generated" in seen
    assert "Generating" in seen
    assert "/10000" in seen


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["import", "missing.csv"], "missing.csv cannot be read: No such file or directory"),
        (["import", "."], ". cannot be read: Is a directory"),
        (["import", "empty.csv"], "it has no codes"),
        (["export", "--output", "no/where.csv"], "no/where.csv cannot be written: No such file"),
        (["generate", "--count", "0"], "1 to 1,000,000 codes can be generated together"),
        (["generate", "--count", "1", "--prefix", "%"], "a code has 1 to 30 letters"),
        (["generate", "--count", "9", "--groups", "1", "--group-length", "1"], "too easy to guess"),
    ],
)
async def test_each_refusal_is_reported_in_one_line(
    sconto: Sconto,
    of_promotion: Sequence[str],
    tmp_path: Path,
    arguments: list[str],
    reason: str,
) -> None:
    (tmp_path / "empty.csv").touch()
    refused = await sconto("code", *arguments, *of_promotion)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith(f"sconto: {reason}")
    assert refused.err.count("\n") == 1


async def test_an_unknown_merchant_or_promotion_is_named(
    sconto: Sconto, merchant_name: str
) -> None:
    expected = "sconto: there is no merchant 'nobody': see `sconto merchant list`\n"
    refused = await sconto("code", "export", "--merchant", "nobody", "--promotion", "1")
    assert refused == Ended(1, "", expected)
    missing = ("--merchant", merchant_name, "--promotion", "9" * 30)
    for arguments in (["export"], ["generate", "--count", "1"]):
        refused = await sconto("code", *arguments, *missing)
        assert refused == Ended(1, "", f"sconto: promotion {'9' * 30} not found\n")
