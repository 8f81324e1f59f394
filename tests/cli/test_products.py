"""`sconto product import`, run as a person runs it."""

import subprocess
from pathlib import Path

import pytest

from sconto.domain.people import Caller
from sconto.domain.product import Product, ProductQuery
from sconto.operations.products import list_products
from sconto.store.database import Database
from tests.builders import a_product
from tests.cli.conftest import Command, on_terminal

HEADER = "product_id,name,price,currency\n"


@pytest.fixture
def command(sconto_process: Command, tmp_path: Path) -> Command:
    """Run `sconto product import` on what a file holds."""

    def run(
        content: str | bytes | None, merchant: str, *, stderr: int = subprocess.PIPE
    ) -> "subprocess.CompletedProcess[str]":
        if content is not None:
            raw = content.encode() if isinstance(content, str) else content
            (tmp_path / "products.csv").write_bytes(raw)
        return sconto_process(
            "product", "import", "products.csv", "--merchant", merchant, stderr=stderr
        )

    return run


async def catalogue(database: Database, merchant: Caller) -> tuple[Product, ...]:
    return (await list_products(database, merchant, ProductQuery(limit=1000))).products


async def test_a_file_is_imported_and_imported_again(
    command: Command, database: Database, merchant: Caller, merchant_name: str
) -> None:
    lines = [f"{number},=1+{number},19.99,EUR\r\n" for number in range(1, 1235)]
    done = command(HEADER + "".join(lines), merchant_name)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1,234 products: 1,234 new, 0 changed\n"
    assert (await catalogue(database, merchant))[0] == a_product(1, name="=1+1")
    lines[0] = "1,[red]Mug[/red],19.99,EUR\n"
    done = command(HEADER + "".join(lines), merchant_name)
    assert done.stdout == "1,234 products: 0 new, 1 changed, 1,233 unchanged\n"
    assert (await catalogue(database, merchant))[0] == a_product(1, name="[red]Mug[/red]")


async def test_every_bad_line_is_named_and_nothing_is_imported(
    command: Command, database: Database, merchant: Caller, merchant_name: str
) -> None:
    done = command(HEADER + '1,"Mug\nblue",1,EUR\n2,Cup,-1,EUR\n1,Pot,1,EUR\n', merchant_name)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "products.csv: line 4: price must be an amount from 0 to below 10^12 such as 19.99,"
        " with at most 2 decimals",
        "products.csv: line 5: product 1 is on line 2 too",
        "sconto: nothing was imported: 2 lines are not valid",
    ]
    assert await catalogue(database, merchant) == ()


async def test_lines_beyond_a_hundred_are_counted(command: Command, merchant_name: str) -> None:
    done = command(HEADER + "0,Mug,1,EUR\n" * 1101, merchant_name)
    assert done.stderr.splitlines()[99:] == [
        "products.csv: line 101: product_id must be a whole number from 1 to 9223372036854775807",
        "products.csv: and 1,001 more lines",
        "sconto: nothing was imported: 1,101 lines are not valid",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "products.csv cannot be read: No such file or directory"),
        ("", "products.csv is empty"),
        (
            b"\x7fELF\x02\x01\x01\0\0\0\r\0",
            "products.csv is no CSV file in UTF-8",
        ),
        (
            "name\n",
            "products.csv must begin with the line product_id,name,price,currency (missing:",
        ),
    ],
    ids=["no file", "empty", "binary", "columns"],
)
def test_a_file_that_cannot_be_taken_is_refused_in_one_line(
    command: Command, content: str | bytes | None, reason: str
) -> None:
    done = command(content, "nobody")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"sconto: {reason}")


def test_a_folder_is_refused_in_one_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "products.csv").mkdir()
    done = command(None, "nobody")
    assert done.returncode == 1
    assert done.stderr == "sconto: products.csv cannot be read: Is a directory\n"


def test_a_merchant_that_does_not_exist_is_named_in_one_line(command: Command) -> None:
    done = command(HEADER + "1,Mug,1,EUR\n", "nobody")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "sconto: there is no merchant 'nobody': see `sconto merchant list`\n"


def test_a_terminal_sees_how_much_of_the_file_is_read(command: Command, merchant_name: str) -> None:
    done, seen = on_terminal(command, HEADER + "1,Mug,1,EUR\n", merchant_name)
    assert done.stdout == "1 product: 1 new, 0 changed\n"
    assert "Reading" in seen
    assert "bytes" in seen
