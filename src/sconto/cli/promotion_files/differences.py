"""The differences of two promotions, field by field."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sconto.api.strict_json import Number

_SHOWN: Final = 5
"""Elements of a list that are shown; the others are counted."""

_LONGEST: Final = 200


def say_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """A line for each field that differs, or for each list that does."""
    yield from _compare("", before, after)


def say_fields(fields: Mapping[str, Any]) -> Iterator[str]:
    """A line for each field."""
    for name, value in fields.items():
        yield f"{name}: {_say(value)}"


def _compare(path: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**after, **before}:
            place = f"{path}.{name}" if path else name
            yield from _compare(place, before.get(name), after.get(name))
    elif _is_list_of_texts(before) and _is_list_of_texts(after):
        yield f"{path}: {_say_members(before, after)}"
    elif before is None:
        yield f"{path}: {_say(after)} (new)"
    elif after is None:
        yield f"{path}: {_say(before)} → none"
    else:
        yield f"{path}: {_say(before)} → {_say(after)}"


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str | int) for one in value)


def _say_members(before: list[Any], after: list[Any]) -> str:
    old, new = set(before), set(after)
    added = [one for one in after if one not in old]
    removed = [one for one in before if one not in new]
    if not added and not removed:
        return "another order"
    signed = (("added", added), ("removed", removed))
    return ", ".join(f"{len(some):,} {verb} ({_first(some)})" for verb, some in signed if some)


def _first(some: list[Any]) -> str:
    shown = ", ".join(map(str, some[:_SHOWN]))
    return f"{shown}, …" if len(some) > _SHOWN else shown


def _say(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and _is_list_of_texts(value):
        return f"{len(value):,} ({_first(value)})" if len(value) > _SHOWN else _first(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_say(one)}" for name, one in value.items())
    text = value.text if isinstance(value, Number) else json.dumps(value, default=_say)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
