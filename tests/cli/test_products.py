"""`sconto product import`."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sconto.domain.people import Caller
from sconto.domain.product import Product, ProductQuery
from sconto.operations.products import list_products
from sconto.store.database import Database
from tests.builders import a_product
from tests.cli.conftest import Ended, Sconto, on_terminal

HEADER = "product_id,name,price,currency\n"

Import = Callable[[str | bytes | None, str], Awaitable[Ended]]


@pytest.fixture
def import_products(sconto: Sconto, tmp_path: Path) -> Import:
    """Run `sconto product import` on a file with this content."""

    async def run(content: str | bytes | None, merchant: str) -> Ended:
        if content is not None:
            raw = content.encode() if isinstance(content, str) else content
            (tmp_path / "products.csv").write_bytes(raw)
        return await sconto("product", "import", "products.csv", "--merchant", merchant)

    return run


async def catalogue(database: Database, merchant: Caller) -> tuple[Product, ...]:
    return (await list_products(database, merchant, ProductQuery(limit=1000))).products


async def test_a_second_import_updates_the_changed_products(
    import_products: Import, database: Database, merchant: Caller, merchant_name: str
) -> None:
    lines = [f"{number},=1+{number},19.99,EUR\r\n" for number in range(1, 1235)]
    done = await import_products(HEADER + "".join(lines), merchant_name)
    assert (done.code, done.err) == (0, "")
    assert done.out == "1,234 products: 1,234 new, 0 changed\n"
    assert (await catalogue(database, merchant))[0] == a_product(1, name="=1+1")
    lines[0] = "1,[red]Mug[/red],19.99,EUR\n"
    done = await import_products(HEADER + "".join(lines), merchant_name)
    assert done.out == "1,234 products: 0 new, 1 changed, 1,233 unchanged\n"
    assert (await catalogue(database, merchant))[0] == a_product(1, name="[red]Mug[/red]")


async def test_every_bad_line_is_named_and_nothing_is_imported(
    import_products: Import, database: Database, merchant: Caller, merchant_name: str
) -> None:
    done = await import_products(
        HEADER + '1,"Mug\nblue",1,EUR\n2,Cup,-1,EUR\n1,Pot,1,EUR\n', merchant_name
    )
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [
        "products.csv: line 4: price (column C) must be an amount from 0 to below 10^12"
        " such as 19.99, with at most 2 decimals",
        "products.csv: line 5: product 1 is on line 2 too",
        "sconto: nothing was imported: 2 lines are not valid",
    ]
    assert await catalogue(database, merchant) == ()


async def test_lines_beyond_a_hundred_are_counted(
    import_products: Import, merchant_name: str
) -> None:
    done = await import_products(HEADER + "0,Mug,1,EUR\n" * 1101, merchant_name)
    assert done.err.splitlines()[99:] == [
        "products.csv: line 101: product_id (column A) must be a whole number from 1 to"
        " 9223372036854775807",
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
            "products.csv is not CSV file in UTF-8",
        ),
        (
            "name\n",
            "products.csv must begin with the line product_id,name,price,currency (missing:",
        ),
    ],
    ids=["no file", "empty", "binary", "columns"],
)
async def test_a_refused_file_is_reported_in_one_line(
    import_products: Import, content: str | bytes | None, reason: str
) -> None:
    done = await import_products(content, "nobody")
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith(f"sconto: {reason}")


async def test_a_folder_is_refused_in_one_line(import_products: Import, tmp_path: Path) -> None:
    (tmp_path / "products.csv").mkdir()
    done = await import_products(None, "nobody")
    assert done.code == 1
    assert done.err == "sconto: products.csv cannot be read: Is a directory\n"


async def test_an_unknown_merchant_is_named_in_one_line(import_products: Import) -> None:
    done = await import_products(HEADER + "1,Mug,1,EUR\n", "nobody")
    assert (done.code, done.out) == (1, "")
    assert done.err == "sconto: there is no merchant 'nobody': see `sconto merchant list`\n"


async def test_a_terminal_shows_how_much_of_the_file_is_read(
    sconto: Sconto, merchant_name: str, tmp_path: Path
) -> None:
    (tmp_path / "products.csv").write_text(HEADER + "1,Mug,1,EUR\n")
    seen = await on_terminal("product", "import", "products.csv", "--merchant", merchant_name)
    assert "1 product: 1 new, 0 changed" in seen
    assert "Writing" in seen
    assert "bytes" in seen


async def test_a_file_from_a_spreadsheet_is_shown_and_then_imported(
    sconto: Sconto, database: Database, merchant: Caller, merchant_name: str, tmp_path: Path
) -> None:
    content = "Artikelnr.;Bezeichnung;Lager;Preis\r\n1;Müg;7;1.234,50 €\r\n2;Cup;;1.999\r\n"
    (tmp_path / "p.csv").write_bytes(content.encode("cp1252"))
    command = ("product", "import", "p.csv", "--merchant", merchant_name, "--currency", "EUR")
    bare = await sconto(*command)
    assert bare.err.splitlines()[:3] == [
        'p.csv: line 2: is not UTF-8: save the file as "CSV UTF-8"',
        "p.csv: line 3: price (column D) may be meant in thousands: write 1000 or 1.00",
        "p.csv: --decimal point or comma says what the sign in 1,000 means",
    ]
    said = ("--encoding", "windows-1252", "--decimal", "comma")
    shown = await sconto(*command, *said, "--dry-run")
    assert (shown.code, shown.err) == (0, "")
    assert [line.split() for line in shown.out.splitlines()] == [
        ["line", "product_id", "name", "price", "currency", "problem"],
        ["2", "1", "Müg", "1234.50", "EUR"],
        ["3", "2", "Cup", "1999.00", "EUR"],
        [
            "columns:",
            "product_id",
            "in",
            "A,",
            "name",
            "in",
            "B,",
            "price",
            "in",
            "D;",
            "ignored:",
            "Lager",
        ],
        ["2", "products", "would", "be", "taken"],
    ]
    assert await catalogue(database, merchant) == ()
    done = await sconto(*command, *said)
    assert done == Ended(0, "2 products: 2 new, 0 changed\n", "ignored columns: 'Lager'\n")
    assert [one.price for one in await catalogue(database, merchant)] == [123450, 199900]


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (("--encoding", "latin"), "--encoding is one of utf-8, windows-1252, "),
        (("--decimal", ","), "--decimal is one of point, comma, not ','"),
        (("--currency", "euro"), "--currency is an ISO 4217 code such as EUR, not 'euro'"),
        (("--column", "cost=C"), "--column is one of product_id, name, price, currency, tags, not"),
        (("--column", "price=?"), "--column is a column such as B or 2, not '?'"),
        (("--delimiter", "x"), "--delimiter is one of comma, semicolon, tab, not 'x'"),
    ],
)
async def test_an_option_without_effect_is_refused(
    sconto: Sconto, option: tuple[str, str], reason: str
) -> None:
    done = await sconto("product", "import", "p.csv", "--merchant", "m", *option)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"sconto: {reason}")
