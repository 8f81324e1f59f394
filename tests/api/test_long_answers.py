"""Long answers have the same bytes in parts as in one piece."""

import json
from typing import Any

import pytest

from sconto.api.long_answers import answer_in_parts, parts_of


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"a": {}, "b": [], "c": None, "d": 1.5, 'é"': "\u2028\n"},
        {"codes": [f"C{number}" for number in range(12_345)], "more": {"ids": list(range(10_000))}},
        {"codes": tuple(map(str, range(5_001)))},
        [{"id": number} for number in range(5_000)],
    ],
)
def test_the_parts_joined_are_the_document(value: Any) -> None:
    whole = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    assert b"".join(parts_of(value)) == whole


async def test_answers_of_any_length_have_a_content_length() -> None:
    for size in (1, 3_000_000):
        answer = await answer_in_parts([b"x" * 1000] * (size // 1000) or [b"x"])
        assert int(answer.headers["content-length"]) == size
        assert answer.headers["content-type"] == "application/json"
