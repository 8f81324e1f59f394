"""A table is read unchanged from any dialect that a spreadsheet writes."""

import csv
import io
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.code_file import CodeFile, CodeLine
from sconto.domain.coverage_file import CoverageLine, read_coverage
from sconto.domain.layout import DecimalSign, Encoding, Layout
from sconto.domain.money import FULL_PERCENT, format_amount, format_percent
from sconto.domain.written_numbers import decimal_sign_of, read_number

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "windows-1251", "windows-1252")
CODE_HEADINGS = ("coupon_code", "Gutscheincode", "Code promo", "kod rabatowy", "Codice sconto")
ID_HEADINGS = ("product_id", "Artikelnummer", "SKU", "Identifiant produit")
PERCENT_HEADINGS = ("percent", "Rabatt in %", "remise %", "Descuento %")

dialects = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t"),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        "lineterminator": st.sampled_from(["\n", "\r\n"]),
    }
)
notes = st.text('ab "\n;,\u00a0', max_size=6).filter(lambda note: "\0" not in note)
percents = st.integers(1, FULL_PERCENT)


def write(rows: Sequence[Sequence[str]], dialect: dict[str, object], encoding: str) -> bytes:
    """The rows as a spreadsheet writes them, with an empty row and empty cells around."""
    text = io.StringIO()
    csv.writer(text, **dialect).writerows([[*row, ""] for row in rows])  # type: ignore[arg-type]
    return f"{text.getvalue()}{dialect['lineterminator']}".encode(encoding)


def layout_of(encoding: str) -> Layout:
    return Layout(encoding=Encoding(encoding) if encoding.startswith("windows") else None)


@given(
    st.lists(
        st.tuples(st.from_regex("[A-Z][A-Z0-9_.-]{0,9}[0-9]", fullmatch=True), notes),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(CODE_HEADINGS),
    dialects,
    st.sampled_from(ENCODINGS),
)
def test_codes(
    rows: list[tuple[str, str]], heading: str, dialect: dict[str, object], encoding: str
) -> None:
    content = write([("Note", heading), *((note, code) for code, note in rows)], dialect, encoding)
    file = CodeFile(layout=layout_of(encoding))
    lines = [*file.feed(content), *file.end()]
    assert [one.code for one in lines if isinstance(one, CodeLine)] == [code for code, _ in rows]
    assert file.column == 1


@given(
    st.lists(
        st.tuples(st.integers(1, 10**15), percents, notes),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[0],
    ),
    st.tuples(st.sampled_from(ID_HEADINGS), st.sampled_from(PERCENT_HEADINGS)),
    dialects,
    st.sampled_from(ENCODINGS),
    st.tuples(st.sampled_from(",."), st.sampled_from(["{}", "{}%", "{} %", "{}\u00a0%", "%{}"])),
)
def test_products_with_percents(
    rows: list[tuple[int, int, str]],
    headings: tuple[str, str],
    dialect: dict[str, object],
    encoding: str,
    written: tuple[str, str],
) -> None:
    sign, form = written
    cells = [
        (form.format(format_percent(percent).replace(".", sign)), note, str(product_id))
        for product_id, percent, note in rows
    ]
    content = write([(headings[1], "Note", headings[0]), *cells], dialect, encoding)
    lines = read_coverage(content, percents=True, layout=layout_of(encoding))
    read = [(one.product_id, one.percent) for one in lines if isinstance(one, CoverageLine)]
    assert read == [(product_id, percent) for product_id, percent, _ in rows]


@given(
    st.integers(0, 10**12 - 1),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (",", "\u00a0"), (".", "'"), (".", "")]),
    st.sampled_from(["{}", "{} €", "€{}", "EUR {}", "{}EUR"]),
)
def test_prices(cents: int, signs: tuple[str, str], form: str) -> None:
    decimal, thousands = signs
    whole, _, fraction = format_amount(cents, "EUR").partition(".")
    written = form.format(f"{int(whole):,}".replace(",", thousands) + decimal + fraction)
    read = read_number(written)
    assert (read.number, read.is_unclear) == (f"{whole}.{fraction}", False)
    assert read.currency == ("EUR" if "E" in form or "€" in form else None)
    assert decimal_sign_of(written) == decimal


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(",."))
def test_a_possible_thousands_separator_is_ambiguous_until_it_is_chosen(
    whole: int, rest: int, sign: str
) -> None:
    written = f"{whole}{sign}{rest:03}"
    assert read_number(written).is_unclear
    assert decimal_sign_of(written) is None
    for decimal in ",.":
        read = read_number(written, DecimalSign(decimal))
        expected = f"{whole}.{rest:03}" if decimal == sign else f"{whole}{rest:03}"
        assert (read.number, read.is_unclear) == (expected, False)
