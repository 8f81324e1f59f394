"""YAML that is as exact as JSON: we and other readers read what was written."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sconto.api.strict_json import Number
from sconto.cli.promotion_files.yaml_text import NotYaml, read_yaml, write_yaml

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
spellings = st.from_regex(r"[-+.0-9eExXoO_:~nulyesoftrNYT=< -]{0,8}", fullmatch=True)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | texts
    | spellings
    | st.sampled_from(["1.50", "1e5", "-0.0"]).map(Number)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)


@settings(max_examples=30)
@given(values)
def test_written_yaml_is_read_unchanged(value: Any) -> None:
    assert read_yaml(write_yaml(value).encode()) == value


@settings(max_examples=30)
@given(st.lists(texts | spellings, max_size=5))
def test_readers_of_yaml_1_1_read_texts_as_texts(value: list[str]) -> None:
    assert yaml.safe_load(write_yaml(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-28", "2026-11-28"),
        ("2026-11-28T00:00:00+00:00", "2026-11-28T00:00:00+00:00"),
        ("no", "no"),
        ("00012", "00012"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("12.50", Number("12.50")),
        ("1e5", Number("1e5")),
        ("-3", -3),
        ("~", None),
        ("", None),
        ("TRUE", True),
    ],
)
def test_only_numbers_true_false_and_null_are_not_texts(text: str, value: object) -> None:
    assert read_yaml(text.encode()) == value


@pytest.mark.parametrize(
    "text",
    ["&a [*a]", "{a: 1, a: 2}", "{1: 2}", "!!binary aGk=", "a: b: c", "\t", "\xff", "1\n---\n2"],
)
def test_values_that_json_does_not_have_are_refused(text: str) -> None:
    with pytest.raises(NotYaml):
        read_yaml(text.encode("latin-1"))
