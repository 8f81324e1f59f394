"""Rows of CSV files with any encoding, delimiter and pieces."""

import csv
import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.csv_rows import LONGEST_ROW, CsvRows, Row, RowFault


def read(*pieces: bytes) -> list[Row]:
    file = CsvRows()
    rows = [row for piece in pieces for row in file.feed(piece)]
    return [*rows, *file.end()]


def values(content: str) -> list[list[str] | RowFault]:
    return [row for _, row in read(content.encode())]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_in_a_line(delimiter: str) -> None:
    assert values(f"A\n1{delimiter}2\n") == [["A"], ["1", "2"]]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2;7,5", ["2", "7,5"]),
        ("1,Mug; blue,19", ["1", "Mug; blue", "19"]),
        ('"a,b,c";2', ["a,b,c", "2"]),
        ("a;b,c;d", ["a", "b,c", "d"]),
        ("sep=;\n1,2", ["1,2"]),
        ("sep=,\n1;2,3", ["1;2", "3"]),
    ],
)
def test_the_most_frequent_delimiter_of_a_line_wins(line: str, expected: list[str]) -> None:
    assert values(line) == [expected]


def test_the_first_line_with_a_delimiter_decides() -> None:
    assert values("A\n1;2\n1,2\n") == [["A"], ["1", "2"], ["1,2"]]


def test_rows_are_numbered_by_their_first_line() -> None:
    content = '\n"a\nb",1\r\n\r,\r\n"c",2'
    assert read(content.encode()) == [(2, ["a\nb", "1"]), (6, ["c", "2"])]


def test_rows_with_invalid_bytes_are_refused() -> None:
    assert read(b"A\n\xff\nB") == [(1, ["A"]), (2, RowFault.UNREADABLE), (3, ["B"])]
    halved = "A\nB".encode("utf-16")[:-1]
    assert read(halved) == [(1, ["A"]), (2, RowFault.UNREADABLE)]


@pytest.mark.parametrize("read_as", ["cp1252", "cp1251"])
def test_if_the_byte_order_mark_was_misread_only_misread_rows_are_refused(
    read_as: str,
) -> None:
    content = "code,note\nA,\nЖ,1\nB,é\n".encode("utf-8-sig").decode(read_as).encode()
    assert read(content) == [
        (1, ["code", "note"]),
        (2, ["A", ""]),
        (3, RowFault.MISREAD),
        (4, RowFault.MISREAD),
    ]


def test_an_endless_row_is_refused_and_does_not_fill_memory() -> None:
    long = b"x" * 1000
    endless = read(b'"', *[(long + b"\n") * 64] * 4)
    assert endless[0] == (1, RowFault.LONG_VALUE)
    many = read(*[(b'"' + long + b'\n",') * 64] * 20)
    assert many[0] == (1, RowFault.LONG_ROW)
    assert read(b"x," * LONGEST_ROW + b"\nA") == [(1, RowFault.LONG_ROW), (2, ["A"])]


_SIGNS = st.text('a1,;\t"\r\n\ufeffЖ', max_size=40)


@given(
    _SIGNS,
    st.sampled_from(["utf-8", "utf-16", "utf-16-be"]),
    st.lists(st.integers(0, 90), max_size=6),
)
def test_the_size_of_the_pieces_does_not_matter(text: str, encoding: str, cuts: list[int]) -> None:
    content = text.encode(encoding)
    edges = [0, *sorted(cut for cut in cuts if cut <= len(content)), len(content)]
    assert read(*(content[start:end] for start, end in pairwise(edges))) == read(content)


@given(
    st.lists(st.lists(st.text('a1,;\t"\r\n Ж', max_size=5), min_size=2, max_size=4), max_size=6),
    st.sampled_from([",", ";", "\t"]),
)
def test_rows_written_by_the_csv_module_are_read(rows: list[list[str]], delimiter: str) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    expected = [row for row in rows if any(map(str.strip, row))]
    assert values(f"sep={delimiter}\n{written.getvalue()}") == expected
