"""What counts as JSON, and what becomes of its numbers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.api.strict_json import NotJson, Number, parse_json


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"{}x",
        b"{}{}",
        b"{'a':1}",
        b'{"a":1,}',
        b"[1,]",
        b"{a:1}",
        b"NaN",
        b'{"a":NaN}',
        b"Infinity",
        b"-Infinity",
        b"nan",
        b"01",
        b"+1",
        b"1.",
        b".5",
        b"0x10",
        b"True",
        b"// no\n{}",
        b'"\x01"',
        b'"a\nb"',
        b'"\\x41"',
        b'"\\u12"',
        b"\xef\xbb\xbf{}",
        b"{}\x00",
        b"\xa0{}",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        '{"a":1}'.encode("utf-16"),
        "٣".encode(),
    ],
)
def test_what_only_resembles_json_is_refused(raw: bytes) -> None:
    with pytest.raises(NotJson):
        parse_json(raw)


@pytest.mark.parametrize(
    "raw",
    [b'"\\ud800"', b'{"\\udc00":1}', b'["a",{"b":["\\ude00\\ud83d"]}]', b'"\\uD83D\\\\uDE00"'],
)
def test_half_a_surrogate_pair_is_refused_wherever_it_stands(raw: bytes) -> None:
    with pytest.raises(NotJson):
        parse_json(raw)


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert parse_json(b'"\\ud83d\\ude00"') == "😀"
    assert parse_json(b'"\\\\ud800"') == "\\ud800"


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_what_is_nested_deeper_than_32_is_refused(opening: bytes, closing: bytes) -> None:
    parse_json(opening * 32 + b"1" + closing * 32)
    for depth in (33, 100_000):
        with pytest.raises(NotJson):
            parse_json(opening * depth + b"1" + closing * depth)


def test_brackets_in_texts_are_no_nesting() -> None:
    assert parse_json(b'"' + b"[" * 100 + b'"') == "[" * 100


def test_of_repeated_names_the_last_counts() -> None:
    assert parse_json(b'{"a":1,"b":2,"a":"x"}') == {"a": "x", "b": Number("2")}


@pytest.mark.parametrize("text", ["0", "-0", "12.50", "1e1", "1E+400", "9" * 5000, "0.1"])
def test_a_number_stays_as_it_was_written(text: str) -> None:
    assert parse_json(text.encode()) == Number(text)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("0", 0),
        ("-5", -5),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("9" * 5000, None),
        ("1.0", None),
        ("1e3", None),
    ],
)
def test_a_number_is_whole_where_it_is_written_as_an_integer_of_64_bits(
    text: str, whole: int | None
) -> None:
    assert Number(text).whole() == whole


@given(st.binary(max_size=50))
def test_any_bytes_are_json_or_refused(raw: bytes) -> None:
    try:
        parse_json(raw)
    except NotJson:
        return
    json.loads(raw)
