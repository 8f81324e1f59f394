"""All sources follow the rules, and examples that break them are found."""

from pathlib import Path
from textwrap import indent

import pytest

from tests.house.sources import (
    inexact,
    named_alike,
    python_files,
    reading_a_clock,
    shown,
    too_long,
    vaguely_named,
    with_words,
    without_a_sentence,
)
from tests.house.words import unused_words

EVERYWHERE = python_files("src", "tests", "bench", "openapi")
DOMAIN = python_files("src/sconto/domain")
HERE = Path("here.py")
PUBLISHED = frozenset(["voucher", "coupon", "promo code", "discount code", "basket", "usage"])
"""Replaced words that published formats have, or that people write in their files."""


def test_files_and_functions_are_short() -> None:
    assert [
        offence
        for path in EVERYWHERE
        if "migrations" not in path.parts
        for offence in too_long(Path(shown(path)), path.read_text())
    ] == []


def test_module_names_are_specific() -> None:
    assert [offence for path in EVERYWHERE for offence in vaguely_named(Path(shown(path)))] == []


def test_no_two_modules_have_a_class_of_one_name() -> None:
    """The client is left out: its classes have the names of what it exchanges."""
    service = set(python_files("src/sconto")) - set(python_files("src/sconto/client"))
    sources = ((Path(shown(path)), path.read_text()) for path in sorted(service))
    assert list(named_alike(sources)) == []


def test_sources_use_none_of_the_words_that_the_glossary_replaces() -> None:
    words = [word for word in unused_words() if word not in PUBLISHED]
    assert len(words) > 10
    assert [
        offence
        for path in EVERYWHERE
        if path.name not in ("test_sources.py", "test_words.py")
        for offence in with_words(Path(shown(path)), path.read_text(), words)
    ] == []


def test_modules_open_with_a_sentence() -> None:
    assert [
        offence
        for path in EVERYWHERE
        for offence in without_a_sentence(Path(shown(path)), path.read_text())
    ] == []


def test_the_domain_uses_no_binary_float() -> None:
    assert [
        offence for path in DOMAIN for offence in inexact(Path(shown(path)), path.read_text())
    ] == []


def test_the_domain_reads_no_clock() -> None:
    assert [
        offence
        for path in DOMAIN
        for offence in reading_a_clock(Path(shown(path)), path.read_text())
    ] == []


def test_the_domain_is_searched() -> None:
    assert len(DOMAIN) > 1


def function_of(lines: int) -> str:
    return "def f():\n" + "    pass\n" * (lines - 1)


def test_a_file_of_401_lines_and_a_function_of_71_are_too_long() -> None:
    assert list(too_long(HERE, "\n" * 400)) == []
    assert list(too_long(HERE, "\n" * 401)) == ["here.py: 401 lines, 400 allowed"]
    assert list(too_long(HERE, function_of(70))) == []
    assert list(too_long(HERE, "async " + function_of(71))) == [
        "here.py:1: f has 71 lines, 70 allowed"
    ]
    assert list(too_long(HERE, "@decorator\n" + function_of(70))) == [
        "here.py:1: f has 71 lines, 70 allowed"
    ]


@pytest.mark.parametrize(
    "opening",
    [
        "class A:",
        "def g():",
        "if a:",
        "if a:\n  pass\nelse:",
        "for a in b:",
        "with a:",
        "try:\n  pass\nexcept E:",
        "try:\n  pass\nfinally:",
        "match a:\n  case 1:\n    pass\n  case 2:",
    ],
)
def test_a_function_is_found_anywhere_in_a_file(opening: str) -> None:
    source = f"{opening}\n{indent(function_of(71), '    ')}"
    assert "f has 71 lines" in "".join(too_long(HERE, source))


@pytest.mark.parametrize("path", ["src/utils/money.py", "src/sconto/helpers.py", "core.py"])
def test_a_vague_name_is_found_anywhere_in_a_path(path: str) -> None:
    assert list(vaguely_named(Path(path))) != []


def test_two_classes_of_one_name_are_found() -> None:
    sources = [(Path("a.py"), "class Line:\n"), (Path("b.py"), "class _Line(Protocol):\n")]
    assert list(named_alike(sources)) == ["Line is a class of a.py and of b.py"]
    assert list(named_alike([*sources[:1], (HERE, "class Lines:\n    class Line:\n")])) == []


@pytest.mark.parametrize("source", ["# drawn anew", "def add_anew():", "x = 1\nDRAWN_ANEW = 2"])
def test_a_replaced_word_is_found_in_sentences_and_names(source: str) -> None:
    assert list(with_words(HERE, source, ["lest", "anew"])) != []
    assert list(with_words(HERE, source.lower().replace("anew", "a new"), ["lest", "anew"])) == []


@pytest.mark.parametrize("source", ["", "x = 1", '"""Money"""', '"""Money\n\nis exact."""'])
def test_a_docstring_that_does_not_open_with_a_sentence_is_found(source: str) -> None:
    assert list(without_a_sentence(HERE, source)) != []


def test_an_opening_sentence_may_have_two_lines() -> None:
    assert list(without_a_sentence(HERE, '"""Money,\nexactly.\n\nMore"""')) == []


@pytest.mark.parametrize("source", ["a / b", "a /= b", "float(a)", "a: float", "a * 0.5", "1e3"])
def test_each_way_to_a_binary_float_is_found(source: str) -> None:
    assert list(inexact(HERE, source)) != []


def test_exact_arithmetic_is_allowed() -> None:
    assert list(inexact(HERE, "a // b + a % b * 2 - int(c) ** 10")) == []


@pytest.mark.parametrize("source", ["datetime.now(UTC)", "dt.datetime.utcnow()", "date.today()"])
def test_each_way_to_read_a_clock_is_found(source: str) -> None:
    assert list(reading_a_clock(HERE, source)) != []
