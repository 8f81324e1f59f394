"""Files of the products that a promotion covers."""

import pytest

from sconto.domain.coverage_file import (
    CoverageFault,
    CoverageLine,
    RefusedCoverageLine,
    read_coverage,
)
from sconto.domain.layout import DETECTED_LAYOUT, Layout
from sconto.domain.money import PERCENT


def listed(content: str) -> list[int]:
    lines = read_coverage(content.encode(), percents=False)
    return [line.product_id for line in lines if isinstance(line, CoverageLine)]


def own(content: str) -> dict[int, int | None]:
    lines = read_coverage(content.encode(), percents=True)
    assert all(isinstance(line, CoverageLine) for line in lines), lines
    return {line.product_id: line.percent for line in lines if isinstance(line, CoverageLine)}


def refused(content: str, *, percents: bool = True) -> list[tuple[int, CoverageFault]]:
    lines = read_coverage(content.encode(), percents=percents)
    return [(line.line, line.fault) for line in lines if isinstance(line, RefusedCoverageLine)]


@pytest.mark.parametrize(
    "content",
    [
        "id,percent\n1,10\n2,20\n",
        "product_id,stock\n1,10\n2,20\n",
        "stock,product_id\n10,1\n20,2\n",
        "Name;SKU\nMug;1\nCup;2\n",
        "SKU;ID\n5;1\n6;2\n",
        "Produkt-ID\tBestand\n1\t5\n2\t6\n",
        "Bestand;Artikelnummer\n5;1\n6;2\n",
        "Остаток;Артикул\n5;1\n6;2\n",
        "whatever,else\n1,5\n2,6\n",
        "1,10\n2,20\n",
        "1\n2\n",
        "\ufeffproduct_id,,\r\n1,,\r\n,,\r\n2,,\r\n,,\r\n",
    ],
)
def test_products_are_in_the_named_or_the_first_column(content: str) -> None:
    assert listed(content) == [1, 2]
    assert refused(content, percents=False) == []


@pytest.mark.parametrize(
    "content",
    [
        "1,10\n2,7.5\n",
        "1;10\n2;7,5\n",
        "1\t10\n2\t7,5 %\n",
        '1,10%\n2,"7,5"\n',
        "1 10\n2 7.5 %\n",
        "id,percent\n1,10\n2,7.5\n",
        "Rabatt in %;Lager;Artikel-Nr.\n10;5;1\n7,5;5;2\n",
        "ID товара;Скидка, %\n1;10\n2;7,5\n",
        "percent,whatever\n10,1\n7.5,2\n",
        "id,percent\n,\n1,10\n,,\n2,7.50\n,\n",
    ],
)
def test_percents_are_in_the_named_or_the_second_column(content: str) -> None:
    assert own(content) == {1: 10 * PERCENT, 2: 7_500_000}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("00002,10\n1,10", [(1, CoverageFault.NOT_A_PRODUCT)]),
        ("2.0,10\n1,10", [(1, CoverageFault.NOT_A_PRODUCT)]),
        ("SKU-2,10\n1,10", [(1, CoverageFault.NOT_A_PRODUCT)]),
        ("id,percent\nSKU-2,10", [(2, CoverageFault.NOT_A_PRODUCT)]),
        ("1,10\n,10", [(2, CoverageFault.NO_PRODUCT)]),
        ("1,10\n2,0\n3,101\n4,x\n5", [(n, CoverageFault.NOT_A_PERCENT) for n in (2, 3, 4, 5)]),
        ("1,10\n2,7,5", [(2, CoverageFault.MORE_VALUES)]),
        ("1,10\n1,20", [(2, CoverageFault.REPEATED)]),
        ("id,percent\n1,10\nid,percent\n2,10", [(3, CoverageFault.NOT_A_PRODUCT)]),
        ("product_id,stock\n1,10", [(1, CoverageFault.NO_PERCENTS)]),
        ("sku,10", [(1, CoverageFault.NOT_A_PRODUCT)]),
        ('1,10\n2,"10', [(2, CoverageFault.NOT_CSV)]),
        ('"1"0,10', [(1, CoverageFault.NOT_CSV)]),
        ("1," + "1" * 140_000, [(1, CoverageFault.TOO_LONG)]),
    ],
)
def test_a_line_without_product_or_percent_is_refused(
    content: str, expected: list[tuple[int, CoverageFault]]
) -> None:
    assert refused(content) == expected


@pytest.mark.parametrize("content", ["SKU-2,10\n1,10", "1,5\n1.0,5", "00002", "1 2 3", "1\n2 3"])
def test_an_invalid_product_id_is_refused(content: str) -> None:
    assert [fault for _, fault in refused(content, percents=False)] == [CoverageFault.NOT_A_PRODUCT]


@pytest.mark.parametrize("content", ["1,2,3", "1;2\n", "\n1,2\n,\n"])
def test_several_ids_in_a_single_line_are_refused(content: str) -> None:
    assert [fault for _, fault in refused(content, percents=False)] == [
        CoverageFault.SEVERAL_VALUES
    ]


def test_letters_of_another_encoding_are_refused_only_in_an_id() -> None:
    content = "id;имя\n1;Кружка\n".encode("cp1251")
    assert read_coverage(content, percents=False) == (CoverageLine(2, 1),)
    [refused] = read_coverage("id\nж1\n".encode("cp1251"), percents=False)
    assert refused == RefusedCoverageLine(2, CoverageFault.UNREADABLE)


@pytest.mark.parametrize(
    ("content", "layout"),
    [
        ("%10;5;1\n7,5;6;2", Layout(columns={"product_id": 2, "percent": 0})),
        ("Was;Wieviel\n1;10\n2;7,5\xa0%", Layout(heading=True, columns={"product_id": 0})),
        ("7\t1\n1\t10\n2\t7.5", Layout(heading=True, columns={"product_id": 0})),
        ("Nr|Rabatt\n1\t10\n2\t7,5", Layout(heading=True, columns={"percent": 1})),
        ("Größe;Ermäßigung;Artikel-Nr.\nXL;10;1\nM;7,5;2", DETECTED_LAYOUT),
    ],
)
def test_a_layout_says_which_columns_have_what(content: str, layout: Layout) -> None:
    for encoding in ("utf-8", "cp1252"):
        lines = read_coverage(content.encode(encoding), percents=True, layout=layout)
        expected = [(1, 10 * PERCENT), (2, 7_500_000)]
        assert [
            (line.product_id, line.percent) for line in lines if isinstance(line, CoverageLine)
        ] == expected


def test_a_bad_value_has_its_column() -> None:
    [refused] = read_coverage(b"Lager;Rabatt;ID\n7;200 %;1\n", percents=True)
    assert isinstance(refused, RefusedCoverageLine)
    assert (refused.line, refused.column, refused.written) == (2, 1, ("1", "200 %"))
    [refused] = read_coverage(b"id\n1.23457E+12\n", percents=False)
    assert refused == RefusedCoverageLine(2, CoverageFault.SHORTENED)


@pytest.mark.parametrize("content", ["", "\n,,\n", "id,percent\n"])
def test_a_file_without_products_has_no_lines(content: str) -> None:
    assert read_coverage(content.encode(), percents=True) == ()
