"""`sconto code` as somebody who types it sees it."""

import re
from pathlib import Path

import pytest

from sconto.domain.people import Caller
from sconto.operations.history import get_promotion_history
from sconto.operations.promotions import create_promotion, get_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.cli.conftest import Command, on_terminal


async def codes_of(database: Database, merchant: Caller, promotion_id: int) -> tuple[str, ...]:
    return (await get_promotion(database, merchant, promotion_id)).terms.codes


async def test_what_is_exported_is_imported(
    command: Command, database: Database, merchant: Caller, promotion_id: int, tmp_path: Path
) -> None:
    (tmp_path / "codes.csv").write_text("C\nD\n")
    done = command("import", "codes.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "2 codes added\n", "")
    assert await codes_of(database, merchant, promotion_id) == ("A", "B", "C", "D")
    [entry] = (await get_promotion_history(database, merchant, promotion_id, limit=1)).entries
    assert (entry.username, entry.change.verb) == (None, "codes added")

    done = command("export", "--output", "all.csv")
    assert (done.stdout, done.stderr) == ("4 codes written\n", "")
    written = (tmp_path / "all.csv").read_bytes()
    assert written.count(b"\r\n") == 5
    # A file is for people, whose spreadsheets need the mark; standard output is for programs.
    assert written.startswith(b"\xef\xbb\xbfcoupon_code,")
    without_mark = written.removeprefix(b"\xef\xbb\xbf")
    assert command("export").stdout.encode() == without_mark.replace(b"\r\n", b"\n")
    other = await create_promotion(database, merchant, a_promotion(codes=("X",)), NOON)
    done = command("import", "all.csv", promotion=str(other))
    assert done.returncode == 0, done.stderr


async def test_every_bad_line_is_named_and_nothing_is_imported(
    command: Command, database: Database, merchant: Caller, promotion_id: int, tmp_path: Path
) -> None:
    (tmp_path / "codes.csv").write_text("C\nD E\nb\nC\n" + "!\n" * 1000)
    done = command("import", "codes.csv")
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert lines[:3] == [
        "codes.csv: line 2 is no code: 1 to 30 letters, digits, dashes, underscores and dots",
        "codes.csv: line 3 has a code that the promotion has already",
        "codes.csv: line 4 has the code of an earlier line",
    ]
    assert lines[-2:] == [
        "codes.csv: and 3 more lines",
        "sconto: nothing was imported: 1,003 lines are not valid",
    ]
    assert await codes_of(database, merchant, promotion_id) == ("A", "B")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("coupon_code\nC\ncoupon_code\nD\n", "line 3 is a heading, and only the first line can be"),
        ("PROMO\nC\n", "line 1 may be a heading or a code: write coupon_code in a line above it"),
        ("Код\n".encode("cp1251"), 'line 1 is not UTF-8: save the file as "CSV UTF-8"'),
    ],
)
async def test_a_line_that_is_no_code_is_named(
    command: Command,
    database: Database,
    merchant: Caller,
    promotion_id: int,
    tmp_path: Path,
    content: str | bytes,
    expected: str,
) -> None:
    raw = content.encode() if isinstance(content, str) else content
    (tmp_path / "codes.csv").write_bytes(raw)
    done = command("import", "codes.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"codes.csv: {expected}")
    assert await codes_of(database, merchant, promotion_id) == ("A", "B")


async def test_codes_are_generated_in_the_exact_number(
    command: Command, database: Database, merchant: Caller, promotion_id: int
) -> None:
    done = command(
        "generate", "--count", "1234", "--prefix", "S-", "--groups", "3", "--group-length", "3"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1,234 codes generated\n", "")
    made = (await codes_of(database, merchant, promotion_id))[2:]
    assert len(set(made)) == 1234
    letters = "[2-9A-HJKMNP-TV-Z]{3}"
    assert all(re.fullmatch(f"S-{letters}-{letters}-{letters}", code) for code in made)


def test_a_terminal_sees_how_many_there_are(command: Command) -> None:
    done, seen = on_terminal(command, "generate", "--count", "30000")
    assert done.stdout == "30,000 codes generated\n"
    assert "Generating" in seen
    assert "/30000" in seen


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["import", "missing.csv"], "missing.csv cannot be read: No such file or directory"),
        (["import", "."], ". cannot be read: Is a directory"),
        (["import", "empty.csv"], "there are no codes in it"),
        (["export", "--output", "no/where.csv"], "no/where.csv cannot be written: No such file"),
        (["generate", "--count", "0"], "1 to 1,000,000 codes can be generated at once"),
        (["generate", "--count", "1", "--prefix", "%"], "a code has 1 to 30 letters"),
        (["generate", "--count", "9", "--groups", "1", "--group-length", "1"], "the pattern is"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    command: Command, tmp_path: Path, promotion_id: int, arguments: list[str], reason: str
) -> None:
    (tmp_path / "empty.csv").touch()
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"sconto: {reason}")
    assert done.stderr.count("\n") == 1


def test_a_merchant_and_a_promotion_that_do_not_exist_are_named(command: Command) -> None:
    done = command("export", merchant="nobody")
    assert (done.returncode, done.stderr) == (
        1,
        "sconto: there is no merchant 'nobody': see `sconto merchant list`\n",
    )
    for arguments in (["export"], ["generate", "--count", "1"]):
        done = command(*arguments, promotion="9" * 30)
        assert (done.returncode, done.stderr) == (1, f"sconto: promotion {'9' * 30} not found\n")
