"""Files of codes: what each line says, however the file arrives."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain import code_file
from sconto.domain.code_file import CodeFile, CodeLine, LineFault, RefusedCodeLine


def read(*pieces: bytes) -> list[CodeLine | RefusedCodeLine]:
    file = CodeFile()
    lines = [line for piece in pieces for line in file.feed(piece)]
    return [*lines, *file.end()]


def codes(*pieces: bytes) -> list[str]:
    return [line.code for line in read(*pieces) if isinstance(line, CodeLine)]


def fault(content: bytes) -> RefusedCodeLine:
    [line] = [line for line in read(content) if isinstance(line, RefusedCodeLine)]
    return line


def test_a_plain_list_has_a_code_a_line() -> None:
    assert read("promo-1\nЁж\n".encode()) == [
        CodeLine(1, "promo-1", "promo-1"),
        CodeLine(2, "Ёж", "ёж"),
    ]


@pytest.mark.parametrize(
    "content",
    [b"A\nB\n", b"A\r\nB", b"A\rB\r", b"\xef\xbb\xbfA\n\n  \nB", b" A \n\tB\t\n", b'"A"\n"B"'],
)
def test_line_ends_marks_blanks_and_quotes_are_no_part_of_a_code(content: bytes) -> None:
    assert codes(content) == ["A", "B"]


def test_a_heading_says_which_column_is_the_code() -> None:
    assert codes(b'used_by,coupon_code\n"x, y",A\n,B\n') == ["A", "B"]
    assert codes(b"coupon_code\nA\n") == ["A"]


def test_lines_are_counted_as_an_editor_does() -> None:
    assert read(b"coupon_code\r\n\r\nA\r\n!\r\n")[1] == RefusedCodeLine(4, LineFault.NOT_A_CODE)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"A B", LineFault.NOT_A_CODE),
        (b"=1+1", LineFault.NOT_A_CODE),
        (b"X" * 31, LineFault.NOT_A_CODE),
        (b"\xff\xfe", LineFault.NOT_A_CODE),
        (b"A\0", LineFault.NOT_A_CODE),
        (b'"A', LineFault.NOT_A_CODE),
        (b"A,B", LineFault.NOT_ONE_VALUE),
        (b"coupon_id,coupon_code\n71", LineFault.NO_VALUE),
        (b"coupon_id,coupon_code\n71,", LineFault.NO_VALUE),
    ],
)
def test_a_line_that_cannot_be_taken_says_why(content: bytes, expected: LineFault) -> None:
    assert fault(content).fault is expected


def test_a_line_without_an_end_is_not_kept() -> None:
    file = CodeFile()
    assert [line for _ in range(1000) for line in file.feed(b"X" * 65536)] == []
    assert list(file.feed(b"\nA\n")) == [
        RefusedCodeLine(1, LineFault.NOT_A_CODE),
        CodeLine(2, "A", "a"),
    ]


def test_there_is_a_last_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_file, "MOST_CODES", 2)
    assert read(b"A\nB\nC\n")[2] == RefusedCodeLine(3, LineFault.TOO_MANY)


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=4))
def test_it_does_not_matter_where_a_file_is_cut(content: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut <= len(content)), len(content)]
    pieces = [content[start:end] for start, end in pairwise(edges)]
    assert read(*pieces) == read(content)


@given(st.lists(st.from_regex(r"[A-Za-z0-9_.-]{1,30}", fullmatch=True), max_size=20))
def test_what_is_written_is_read(written: list[str]) -> None:
    content = "".join(f"{code}\n" for code in ["coupon_code", *written])
    assert codes(content.encode()) == written
