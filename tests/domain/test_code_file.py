"""Files of codes: headings, codes and faults, read in pieces of any size."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain import code_file
from sconto.domain.code_file import (
    CodeFile,
    CodeLine,
    CodeLineFault,
    PlainLines,
    RefusedCodeLine,
    is_code_heading,
    typed_lines,
)
from sconto.domain.codes import code_key
from sconto.domain.headings import CODE_WORDS, COUPON_CODE_WORDS
from sconto.domain.layout import DETECTED_LAYOUT, Blanks, Delimiter, Encoding, Layout
from sconto.domain.spreadsheet import shown_as_text


def read(*pieces: bytes) -> list[CodeLine | RefusedCodeLine]:
    file = CodeFile()
    lines = [line for piece in pieces for line in file.feed(piece)]
    return [*lines, *file.end()]


def codes(*pieces: bytes) -> list[str]:
    return [line.code for line in read(*pieces) if isinstance(line, CodeLine)]


def fault(content: bytes) -> RefusedCodeLine:
    [line] = [line for line in read(content) if isinstance(line, RefusedCodeLine)]
    return line


def test_a_plain_list_has_one_code_per_line() -> None:
    assert read("promo-1\nЁж\n".encode()) == [
        CodeLine(1, "promo-1", "promo-1"),
        CodeLine(2, "Ёж", "ёж"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"A\nB\n",
        b"A\r\nB",
        b"A\rB\r",
        b"\xef\xbb\xbfA\n\xef\xbb\xbfB\n",
        b"\xef\xbb\xbfA\n\n  \nB",
        b" A \n\tB\t\n",
        b'"A"\n"B"',
        b'"\'\tA"\nB',
    ],
)
def test_line_ends_byte_order_marks_blanks_and_quotes_are_not_part_of_a_code(
    content: bytes,
) -> None:
    assert codes(content) == ["A", "B"]


def test_a_heading_names_the_column_of_codes() -> None:
    assert codes(b'used_by,coupon_code\n"x, y",A\n,B\n') == ["A", "B"]
    assert codes(b"coupon_code\nA\n") == ["A"]


@pytest.mark.parametrize(
    "heading",
    [
        "Code", "CODE", "COUPON_CODE", "couponCode", "Coupon Code", "voucher_code", "promo-code",
        "Discount code", "kod", "Gutscheincode", "Rabattcode", "Промокод", "КОД КУПОНА", "código",
        "code promo", "codice sconto", "kod rabatowy", "\ufeffcoupon_code",
    ],
)  # fmt: skip
@pytest.mark.parametrize("row", ["{}", "{},", '"{}"', "{},Status", "id;{};Status", "Status\t{}"])
def test_a_heading_in_the_first_line_is_not_a_code(heading: str, row: str) -> None:
    first = row.format(heading)
    delimiter = next((sign for sign in "\t;," if sign in first), ",")
    column = [value.strip('"') for value in first.split(delimiter)].index(heading)
    content = f"{first}\n" + "".join(f"{delimiter * column}{code}\n" for code in "AB")
    assert codes(content.encode()) == ["A", "B"]


@pytest.mark.parametrize("first", ["SUMMER", "SALE", "WELCOME", "CODE10", "CODE-A", "ЛЕТО", "free"])
def test_any_other_word_in_the_first_line_is_a_code(first: str) -> None:
    assert codes(f"{first}\nA\n".encode()) == [first, "A"]
    assert codes(f"{first},\nA,\n".encode()) == [first, "A"]


@pytest.mark.parametrize(
    "first", ["PROMO", "Voucher", "Gutscheine", "купон", "id", "Name", "Promo,"]
)
def test_an_ambiguous_first_line_is_refused(first: str) -> None:
    assert read(f"{first}\nA\n".encode())[0] == RefusedCodeLine(1, CodeLineFault.UNCLEAR)


def test_an_ambiguous_word_under_a_heading_is_a_code() -> None:
    assert codes(b"coupon_code\nPROMO\nVOUCHER\n") == ["PROMO", "VOUCHER"]
    assert codes(b"A\nPROMO\n") == ["A", "PROMO"]


def test_a_word_for_coupons_is_a_heading_if_there_are_other_columns() -> None:
    assert codes(b"Voucher;Amount\nA;10\n") == ["A"]
    assert fault(b"Voucher;Amount\nA;10\nVoucher;Amount\n").line == 3
    assert codes(b"PROMO,10\nA,10\n") == []


@pytest.mark.parametrize(
    "content",
    [
        "A\nB\ncoupon_code\nC\n",
        "coupon_code\nA\ncoupon_code\nB\n",
        "coupon_code\nA\n\nCode\nB\n",
        "coupon_code,state\nA,free\ncoupon_code,state\nB,free\n",
        "coupon_code,state\nA,free\nstate,Code\nfree,B\n",
        "coupon_code,state\r\nA,free\r\n\ufeffcoupon_code,state\r\nB,free\r\n",
        "A\nB\ncoupon_code,state\nC,free\n",
        "coupon_code\nA\ncoupon_id;coupon_code\n",
    ],
)
def test_a_heading_after_the_first_line_is_refused(content: str) -> None:
    [first, *_] = [line for line in read(content.encode()) if isinstance(line, RefusedCodeLine)]
    assert first.fault is CodeLineFault.HEADING
    lines = content.replace("\r\n", "\n").split("\n")
    assert "code" in lines[first.line - 1].casefold()
    assert first.line > 1


def test_every_certain_heading_is_recognised_on_later_lines() -> None:
    for word in CODE_WORDS | COUPON_CODE_WORDS:
        if code_key(word) is not None:
            assert fault(f"A\n{word}\n".encode()) == RefusedCodeLine(2, CodeLineFault.HEADING), word


def test_a_file_with_only_a_heading_has_no_codes() -> None:
    assert read(b"CODE\n") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CODE", ["CODE"]),
        ("PROMO", ["PROMO"]),
        ("A, b;C\nD", ["A", "b", "C", "D"]),
        ("A\tCODE", ["A", "CODE"]),
        ("Code\r\nPROMO\r\nB", ["PROMO", "B"]),
        ("Coupon code\nA", ["A"]),
        ("code, A", ["A"]),
        ("", []),
    ],
)
def test_a_typed_word_is_a_code_and_a_pasted_heading_is_not(text: str, expected: list[str]) -> None:
    file = CodeFile(typed=True)
    lines = [*file.feed(typed_lines(text)), *file.end()]
    assert [line.code for line in lines if isinstance(line, CodeLine)] == expected
    assert len(lines) == len(expected)


@pytest.mark.parametrize("empty", ["", ",", ",,", ";;", '""', '"",""', " , ", "\t", "\xa0"])
def test_empty_rows_are_skipped(empty: str) -> None:
    delimiter = ";" if ";" in empty else ","
    rows = [empty, f"Code{delimiter}", empty, "A", f"B{delimiter}{delimiter}", empty, empty]
    assert [line.line for line in read("\n".join(rows).encode())] == [4, 5]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_of_spreadsheets_are_read(encoding: str, delimiter: str) -> None:
    rows = [["Промокод", "note"], ["ИЮЛЬ-26", 'say ""hi"",;\t\nyou'], ["ЛЕТО", ""]]
    content = "\r\n".join(delimiter.join(f'"{value}"' for value in row) for row in rows)
    assert codes(content.encode(encoding)) == ["ИЮЛЬ-26", "ЛЕТО"]


@pytest.mark.parametrize("code", ["-A1", "-", "--X", "A-1", "_", "."])
def test_an_apostrophe_before_a_formula_is_not_part_of_the_code(code: str) -> None:
    assert codes(f"coupon_code\n{shown_as_text(code)}\n".encode()) == [code]


def test_cyrillic_codes_are_read_correctly() -> None:
    written = ["\u0420\u0421", "Рёбра", "\u0420\u0406\u041a", "Ђ"]
    assert codes("\n".join(written).encode()) == written


def test_lines_are_counted_as_in_an_editor() -> None:
    assert read(b"coupon_code\r\n\r\nA\r\n!\r\n")[1] == RefusedCodeLine(4, CodeLineFault.NOT_A_CODE)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"A!", CodeLineFault.NOT_A_CODE),
        (b"SUMMER SALE", CodeLineFault.BLANKS),
        (b"SUMMER SALE!", CodeLineFault.NOT_A_CODE),
        (b"1,23457E+12\n".replace(b",", b"."), CodeLineFault.SHORTENED),
        (b"=1+1", CodeLineFault.NOT_A_CODE),
        (b"X" * 31, CodeLineFault.NOT_A_CODE),
        (b"A\xff", CodeLineFault.UNREADABLE),
        ("Жук".encode("cp1251"), CodeLineFault.UNREADABLE),
        ("A\n".encode("utf-16-le").removesuffix(b"\n\0"), CodeLineFault.UNREADABLE),
        ("Ёж-ЖУК".encode().decode("cp1251").encode(), CodeLineFault.MISREAD),
        (b'"A', CodeLineFault.OPEN_QUOTE),
        (b'"A"B', CodeLineFault.BARE_QUOTE),
        (b'coupon_code,note\nA,"' + b"x" * 131073 + b'"', CodeLineFault.TOO_LONG),
        (b"A,B", CodeLineFault.NOT_ONE_VALUE),
        (b"coupon_id,coupon_code\n71", CodeLineFault.NO_VALUE),
        (b"coupon_id,coupon_code\n71,", CodeLineFault.NO_VALUE),
        (b"value,coupon_code\n7,5,A", CodeLineFault.MORE_VALUES),
        (b"coupon_code\nA,B", CodeLineFault.MORE_VALUES),
        (b"Code,Coupon-Code,coupon code\n", CodeLineFault.TWO_COLUMNS),
    ],
)
def test_a_refused_line_has_its_fault(content: bytes, expected: CodeLineFault) -> None:
    assert fault(content).fault is expected


@pytest.mark.parametrize(
    ("content", "layout", "expected"),
    [
        (b"SUMMER SALE\nA", Layout(blanks=Blanks.SEVERAL), ["SUMMER", "SALE", "A"]),
        (b"SUMMER  SALE\nA", Layout(blanks=Blanks.DASH), ["SUMMER-SALE", "A"]),
        ("SUMMER\xa0SALE".encode(), Layout(blanks=Blanks.NOTHING), ["SUMMERSALE"]),
        (b"PROMO\nA", Layout(heading=True), ["A"]),
        (b"PROMO\nA", Layout(heading=False), ["PROMO", "A"]),
        (b"code\nA\nCODE", Layout(heading=False), ["code", "A", "CODE"]),
        (b"Wert;Aktion\n5;A\n6;B", Layout(columns={"code": 1}, heading=True), ["A", "B"]),
        (b"5;A\n6;B", Layout(columns={"code": 1}), ["A", "B"]),
        (b"A;1;Kod\nB;y;C", Layout(columns={"code": 0}), ["A", "B"]),
        ("Жук\nЁж".encode("cp1251"), Layout(encoding=Encoding.CYRILLIC), ["Жук", "Ёж"]),
        (b"A,B;1\nC,D;2", Layout(delimiter=Delimiter.COMMA, columns={"code": 0}), ["A", "C"]),
        ("Prämie;Código\n5 €;A\n".encode("cp1252"), DETECTED_LAYOUT, ["A"]),
        ("Примечание;Код\nёж;A\n".encode("cp1251"), DETECTED_LAYOUT, ["A"]),
        (b"A\xa0\n\xa0B", DETECTED_LAYOUT, ["A", "B"]),
    ],
)
def test_a_layout_decides_what_a_file_leaves_open(
    content: bytes, layout: Layout, expected: list[str]
) -> None:
    file = CodeFile(layout=layout)
    lines = [*file.feed(content), *file.end()]
    assert [line.code for line in lines if isinstance(line, CodeLine)] == expected
    assert len(lines) == len(expected), lines


def test_if_a_column_is_chosen_a_first_row_of_words_must_be_confirmed() -> None:
    file = CodeFile(layout=Layout(columns={"code": 1}))
    lines = [*file.feed(b"Wert;Aktion\n5;A\n"), *file.end()]
    assert lines == [RefusedCodeLine(1, CodeLineFault.UNCLEAR), CodeLine(2, "A", "a")]


def test_a_bad_value_has_its_column() -> None:
    [_, refused] = read(b"id;note;Code\n1;x;A\n2;y;B!\n")
    assert isinstance(refused, RefusedCodeLine)
    assert (refused.line, refused.column, refused.written) == (3, 2, "B!")


def test_a_blank_within_typed_codes_must_be_confirmed() -> None:
    file = CodeFile(typed=True)
    lines = [*file.feed(typed_lines("A, SUMMER SALE\nB")), *file.end()]
    assert lines == [
        CodeLine(1, "A", "a"), RefusedCodeLine(2, CodeLineFault.BLANKS), CodeLine(3, "B", "b"),
    ]  # fmt: skip


def test_an_endless_line_does_not_fill_memory() -> None:
    file = CodeFile()
    assert [line for _ in range(1000) for line in file.feed(b"X" * 65536)] == []
    assert list(file.feed(b"\nA\n")) == [
        RefusedCodeLine(1, CodeLineFault.TOO_LONG),
        CodeLine(2, "A", "a"),
    ]


def test_codes_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_file, "MAX_CODES_ADDED", 2)
    assert read(b"A\nB\nC\n")[2] == RefusedCodeLine(3, CodeLineFault.TOO_MANY)


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=4))
def test_the_size_of_the_pieces_does_not_matter(content: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut <= len(content)), len(content)]
    pieces = [content[start:end] for start, end in pairwise(edges)]
    assert read(*pieces) == read(content)


@given(st.lists(st.from_regex(r"[A-Za-z0-9_.-]{1,30}", fullmatch=True), max_size=20))
def test_written_codes_are_read_again(written: list[str]) -> None:
    written = [code for code in written if not is_code_heading(code)]
    content = "".join(f"{code}\n" for code in ["coupon_code", *written])
    assert codes(content.encode()) == written


WRITTEN = [
    *("A1", "b-2_.", "SUMMER", "x" * 29 + "1", "x" * 30 + "1", "", " C3", "1.2E+15", "-5", "Ж1"),
    *("code", "CODE", "Coupon", "COUPON1", "Kode", '"D4"', '"E', "F;G", "H,1", "'-5", "'=X"),
    *("J K", "sep=;", "\xa0L1"),
]
LINES = st.lists(
    st.tuples(st.sampled_from(WRITTEN), st.sampled_from(["\n", "\n", "\r\n", "\r"])), max_size=14
)
LAYOUTS = [DETECTED_LAYOUT, Layout(heading=False), Layout(blanks=Blanks.SEVERAL)]


@given(
    LINES,
    st.lists(st.integers(0, 200), max_size=4),
    st.sampled_from([*LAYOUTS, Layout(columns={"code": 0}), Layout(columns={"code": 1})]),
    st.booleans(),
)
def test_plain_lines_read_together_are_what_each_line_is(
    lines: list[tuple[str, str]], cuts: list[int], layout: Layout, typed: bool
) -> None:
    content = "".join(map("".join, lines)).encode()
    edges = [0, *sorted(cut for cut in cuts if cut <= len(content)), len(content)]
    pieces = [content[start:end] for start, end in pairwise(edges)]
    by_line, together = (CodeFile(typed=typed, layout=layout) for _ in range(2))
    expected = [line for piece in pieces for line in by_line.feed(piece)] + [*by_line.end()]
    found = [run for piece in pieces for run in together.feed_runs(piece)] + [*together.end()]
    assert [line for run in found for line in lines_of(run)] == expected
    assert together.rows.delimiter == by_line.rows.delimiter


def lines_of(
    run: PlainLines | CodeLine | RefusedCodeLine,
) -> list[CodeLine | RefusedCodeLine]:
    if not isinstance(run, PlainLines):
        return [run]
    written = zip(run.codes, run.keys, strict=True)
    return [CodeLine(line, code, key) for line, (code, key) in enumerate(written, run.first)]


def test_plain_lines_come_together(monkeypatch: pytest.MonkeyPatch) -> None:
    file = CodeFile()
    assert [*file.feed_runs(b"code\r\nA1\r\n")] == [CodeLine(2, "A1", "a1")]
    assert [*file.feed_runs(b"B2\r\n-c\n")] == [PlainLines(3, ["B2", "-c"], ["b2", "-c"])]
    assert [*file.feed_runs(b"CODE1\nD")] == [PlainLines(5, ["CODE1"], ["code1"])]
    assert [*file.feed_runs(b"\nCODE\n")] == [
        CodeLine(6, "D", "d"),
        RefusedCodeLine(7, CodeLineFault.HEADING),
    ]
    monkeypatch.setattr(code_file, "MAX_CODES_ADDED", 6)
    assert [*file.feed_runs(b"E5\nF6\n")] == [
        CodeLine(8, "E5", "e5"),
        RefusedCodeLine(9, CodeLineFault.TOO_MANY),
    ]
