"""Which texts are JSON, and how numbers are parsed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sconto.api.strict_json import NotJson, Number, encode_json, parse_json


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
def test_text_that_only_looks_like_json_is_refused(raw: bytes) -> None:
    with pytest.raises(NotJson):
        parse_json(raw)


@pytest.mark.parametrize(
    "raw",
    [b'"\\ud800"', b'{"\\udc00":1}', b'["a",{"b":["\\ude00\\ud83d"]}]', b'"\\uD83D\\\\uDE00"'],
)
def test_half_a_surrogate_pair_is_refused_anywhere(raw: bytes) -> None:
    with pytest.raises(NotJson):
        parse_json(raw)


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert parse_json(b'"\\ud83d\\ude00"') == "😀"
    assert parse_json(b'"\\\\ud800"') == "\\ud800"


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_deeper_than_32_is_refused(opening: bytes, closing: bytes) -> None:
    parse_json(opening * 32 + b"1" + closing * 32)
    for depth in (33, 100_000):
        with pytest.raises(NotJson):
            parse_json(opening * depth + b"1" + closing * depth)


def test_brackets_in_strings_do_not_count_as_nesting() -> None:
    assert parse_json(b'"' + b"[" * 100 + b'"') == "[" * 100


def test_if_a_name_is_repeated_the_last_value_counts() -> None:
    assert parse_json(b'{"a":1,"b":2,"a":"x"}') == {"a": "x", "b": 2}
    assert list(parse_json(b'{"a":1,"b":2,"a":"x"}')) == ["a", "b"]


@pytest.mark.parametrize(
    "text", ["12.50", "1e1", "1E+400", "-0.0", "0.1", "9" * 5000, "-" + "9" * 5000]
)
def test_fractions_exponents_and_very_long_integers_stay_as_written(text: str) -> None:
    assert parse_json(text.encode()) == Number(text)
    assert encode_json([Number(text)]) == f"[{text}]".encode()


@pytest.mark.parametrize("value", [0, -5, 2**63 - 1, 2**63, 10**4299, 10**4300 - 1, 1 - 10**4300])
def test_integers_of_any_size_become_int(value: int) -> None:
    [parsed] = parse_json(f"[{value}]".encode())
    assert type(parsed) is int
    assert parsed == value
    assert encode_json([parsed]) == f"[{value}]".encode()


LONG = b"9" * 5000
"""An integer that only Python's decoder takes."""


@pytest.mark.parametrize(
    "raw",
    [
        b"[%s,]",
        b"[%s,NaN]",
        b"[%s] 1",
        b'[%s,"\\ud800"]',
        b'[%s,"\xff"]',
        b"\xef\xbb\xbf[%s]",
        b"[%s," + b"[" * 32 + b"]" * 33,
        b"[%s," + b"[" * 100_000,
    ],
)
def test_a_long_integer_does_not_let_invalid_json_through(raw: bytes) -> None:
    with pytest.raises(NotJson):
        parse_json(raw % LONG)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=50)
@given(VALUES)
def test_both_decoders_agree_and_encoding_reverses_parsing(value: object) -> None:
    raw = json.dumps(value).encode()
    assert parse_json(raw) == value
    assert parse_json(b"[%s,%s]" % (raw, LONG)) == [value, Number(LONG.decode())]
    assert parse_json(encode_json(value)) == value


@given(st.binary(max_size=50))
def test_any_bytes_are_json_or_refused(raw: bytes) -> None:
    try:
        parse_json(raw)
    except NotJson:
        return
    json.loads(raw)
