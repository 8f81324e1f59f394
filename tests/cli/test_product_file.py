"""Reading a CSV file of products, line by line."""

from io import BytesIO

import pytest

from sconto.cli.product_file import ProductFileRefused, open_products
from sconto.cli.sentences import say_product_line
from sconto.domain.csv_rows import RowFault
from sconto.domain.layout import DETECTED_LAYOUT, DecimalSign, Encoding, Layout
from sconto.domain.product import FieldRule, Product, ProductFault, ProductLine, RefusedProductLine

POINT, COMMA = DecimalSign.POINT, DecimalSign.COMMA
SHUFFLED = {"price": 0, "currency": 1, "product_id": 2, "name": 3}

HEADER = b"product_id,name,price,currency\n"
MUG = ProductLine(2, Product(1, "Mug", 1999, "EUR"))
NAME_RULE = "name (column B) must have 1 to 255 characters, not only blanks, no control characters"
ID_RULE = "product_id (column A) must be a whole number from 1 to 9223372036854775807"


def read(content: bytes) -> list[ProductLine | RefusedProductLine]:
    return list(open_products(BytesIO(content))[1])


def refusal(content: bytes) -> str:
    with pytest.raises(ProductFileRefused) as refused:
        read(content)
    return str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        HEADER + b"1,Mug,19.99,EUR\n",
        HEADER + b"1,Mug,19.99,EUR",
        b"\xef\xbb\xbf" + HEADER + b"1,Mug,19.99,EUR\n\n",
        b"product_id,name,price,currency\r\n1,Mug,19.99,EUR\r\n",
        b"currency,price, name ,product_id\nEUR,19.99,Mug,1\n",
        b'"product_id","name","price","currency"\n"1","Mug","19.99","EUR"\n',
        HEADER.replace(b"\n", b"\r") + b"1,Mug,19.99,EUR\r",
        b"Product ID,NAME,Price,currency\n1,Mug,19.99,EUR\n",
        b"product_id;name;price;currency\n1;Mug;19,99;EUR\n",
        b"product_id;name;price;currency\n1;Mug;19.99;EUR\n",
        b"sep=;\r\n" + b"product_id;name;price;currency\r\n1;Mug;19,9900;EUR\r\n",
        "product_id\tname\tprice\tcurrency\r\n1\tMug\t19,99\tEUR\r\n".encode("utf-16"),
        HEADER + b"1,Mug,19.9900,EUR\n,,,\n" + b'""\n;;\n'.replace(b";", b",") + b",,,\n",
        b"product_id,name,price,currency,,\n1,Mug,19.99,EUR,,\n,,,,,\n",
        HEADER + b"1,Mug,19.99,EUR,,\n",
    ],
    ids=[
        "plain",
        "no last newline",
        "byte order mark",
        "CRLF",
        "other order",
        "quoted",
        "CR",
        "spelling of headings",
        "semicolons and decimal commas",
        "semicolons and decimal points",
        "delimiter named",
        "Unicode text",
        "empty rows",
        "empty columns",
        "empty values",
    ],
)
def test_a_product_is_read_from_a_line(content: bytes) -> None:
    [mug] = read(content)
    assert isinstance(mug, ProductLine)
    assert mug.product == MUG.product


def test_a_file_with_only_a_header_has_no_lines() -> None:
    assert read(HEADER) == []


def test_quotes_commas_and_formulas_are_part_of_a_name() -> None:
    assert read(HEADER + b'1,"a ""b"", c",0,EUR\n2,=1+1,0,EUR\n') == [
        ProductLine(2, Product(1, 'a "b", c', 0, "EUR")),
        ProductLine(3, Product(2, "=1+1", 0, "EUR")),
    ]


def test_a_line_break_in_a_name_becomes_a_space_and_counts_as_a_line() -> None:
    assert read(HEADER + b'1,"Mug\r\nblue\nlarge",0,EUR\n\n0,Cup,0,EUR\n2,Cup,0,EUR\n') == [
        ProductLine(2, Product(1, "Mug blue large", 0, "EUR")),
        RefusedProductLine(6, (ProductFault("product_id", FieldRule.PRODUCT_ID),)),
        ProductLine(7, Product(2, "Cup", 0, "EUR")),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1.0,Mug,1,EUR", ID_RULE),
        (b"01,Mug,1,EUR", ID_RULE),
        (b",Mug,1,EUR", ID_RULE),
        (b"1,,1,EUR", NAME_RULE),
        (b"1,M\0g,1,EUR", NAME_RULE),
        (b"1,Mug,1,eur", "currency (column D) must be an ISO 4217 code"),
        (b"0, ,1,EUR", f"{ID_RULE}; {NAME_RULE}"),
        (b"1,Mug,1", "has 3 values, not 4"),
        (b"1,Mug,1,EUR,2", "has 5 values, not 4"),
        (b"1,Mug,1,EUR,,,2", "has 7 values, not 4"),
        (b"1,M\xfcg,1,EUR", 'is not UTF-8: save the file as "CSV UTF-8"'),
        (b'1,"Mug"s,1,EUR', "is not CSV: a quote inside quotes must be doubled"),
        (
            b"1," + b"x" * 200_000 + b",1,EUR",
            "is not CSV: a value is longer than 131072 characters",
        ),
        (
            b"1," + b"x" * 3_000_000 + b",1,EUR",
            "is not CSV: a value is longer than 131072 characters",
        ),
        (
            "1,☕".encode() + "☕".encode() * 1_000_000,
            "is not CSV: a value is longer than 131072 characters",
        ),
        (b"1," * 2_000_000, "is longer than 1048576 characters"),
    ],
)
def test_a_bad_line_is_named_and_the_next_line_is_read(line: bytes, reason: str) -> None:
    refused, mug = read(HEADER + line + b"\n1,Mug,19.99,EUR\n")
    assert isinstance(refused, RefusedProductLine)
    assert refused.line == 2
    assert say_product_line(refused) == reason
    assert mug == ProductLine(3, MUG.product)


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        ("1.000", "price (column C) may be meant in thousands: write 1000 or 1.00"),
        ("1,000", "price (column C) may be meant in thousands: write 1000 or 1.00"),
        ("1,999", "price (column C) may be meant in thousands"),
        ("1.234.56", "must be an amount"),
        ("12.34,56", "must be an amount"),
        ("5 USD", "price (column C) is in another currency than the product"),
        ("1,2,3", "must be an amount"),
    ],
)
def test_an_ambiguous_price_is_refused(price: str, reason: str) -> None:
    [refused] = read(HEADER.replace(b",", b";") + f"1;Mug;{price};EUR\n".encode())
    assert isinstance(refused, RefusedProductLine)
    assert reason in say_product_line(refused)


def test_a_comma_is_decimal_only_if_it_is_not_the_delimiter() -> None:
    [refused] = read(HEADER + b'1,Mug,"19,99",EUR\n')
    assert isinstance(refused, RefusedProductLine)


@pytest.mark.parametrize(
    ("content", "layout", "price"),
    [
        (
            "Artikelnr.;Bezeichnung;Preis;Währung;Lager\n1;Mug;1.234,56 €;EUR;7",
            DETECTED_LAYOUT,
            123456,
        ),
        ("ИД;Имя;Стоимость;Валюта\n1;Mug;1 234,5;EUR", DETECTED_LAYOUT, 123450),
        ("1,Mug,19.99,EUR\n", DETECTED_LAYOUT, 1999),
        ("1;Mug;1'234.50;CHF\n", DETECTED_LAYOUT, 123450),
        ("SKU;Nom;Prix\n1;Mug;12,5", Layout(currency="EUR"), 1250),
        ('product_id,name,price,currency\n1,Mug,"1,234",EUR', Layout(decimal=POINT), 123400),
        ("product_id;name;price;currency\n1;Mug;1.234;EUR", Layout(decimal=COMMA), 123400),
        ('id,name,price,currency\n1,Mug,"19,9",EUR', Layout(decimal=COMMA), 1990),
        ("a;b;c;d\n19,9;EUR;1;Mug", Layout(columns=SHUFFLED), 1990),
        ("product_id;name;price;currency\n1;Mug;$ 5;USD", DETECTED_LAYOUT, 500),
        ("product_id;name;price;currency\n1;Mug;1,234;KWD", DETECTED_LAYOUT, 1234),
    ],
)
def test_files_from_spreadsheets_are_read(content: str, layout: Layout, price: int) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        [line] = open_products(BytesIO(content.encode(encoding)), layout)[1]
        assert isinstance(line, ProductLine), line
        assert (line.product.product_id, line.product.price) == (1, price)


def test_letters_of_another_encoding_are_refused_only_in_a_name() -> None:
    content = "Bezeichnung;Nr;product_id;Währung;Preis;Größe\nMüg;1;1;EUR;5,00;ä\n;;;;;\n"
    western = content.encode("cp1252")
    [refused] = read(western)
    assert isinstance(refused, RefusedProductLine)
    assert refused.fault is RowFault.UNREADABLE
    [line] = open_products(BytesIO(western), Layout(encoding=Encoding.WESTERN))[1]
    assert isinstance(line, ProductLine)
    assert line.product.name == "Müg"
    [line] = read(content.replace("Müg", "Mug").encode("cp1252"))
    assert isinstance(line, ProductLine)


def test_an_unclosed_quote_is_named_by_its_first_line() -> None:
    lines = read(HEADER + b'1,Mug,19.99,EUR\n2,"Cup,1,EUR\n3,Pot,1,EUR\n')
    assert lines == [MUG, RefusedProductLine(3, RowFault.OPEN_QUOTE)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not CSV file in UTF-8"),
        (b"\xff\xfeproduct_id,name", "is not CSV file in UTF-8"),
        ("product_id,name\n".encode("utf-16-le"), "is not CSV file in UTF-8"),
        (
            b"\0" * 3_000_000,
            "is not CSV file in UTF-8 (line 1: a value is longer than 131072 characters)",
        ),
        (
            b"product_id,name,price\n",
            "must begin with the line product_id,name,price,currency (missing: currency)",
        ),
        (
            b"product_id,name,price,currency,\x1b[31mcolour,name\n",
            "must begin with the line product_id,name,price,currency"
            " (unknown: '\\x1b[31mcolour'; twice: name)",
        ),
        (
            b"product_id|name|price|currency\n",
            "must begin with the line product_id,name,price,currency (missing: product_id, name,"
            " price, currency; unknown: 'product_id|name|price|currency')",
        ),
    ],
)
def test_a_file_without_products_is_refused_in_one_line(content: bytes, reason: str) -> None:
    assert refusal(content) == reason
