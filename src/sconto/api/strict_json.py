"""JSON exactly as in RFC 8259, with numbers kept as they were written.

Python's decoder reads a large text in many steps, so a thread that runs it lets others run. msgspec
reads a text in a single call into C, during which nothing else runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from json.scanner import py_make_scanner  # type: ignore[attr-defined]  # typeshed has only the C one
from typing import Any, Final, NoReturn

import msgspec

from sconto.domain.problems import Problem

DEPTH: Final = 32
"""How deep objects and arrays may be nested."""

MAX_CONTAINERS: Final = 450_000
"""How many objects and arrays a text may have: as many as 16 MiB of products."""

MAX_COMMAS: Final = 2_500_000
"""How many values a text may have: as many as 16 MiB of different codes."""

_DIGITS: Final = 4300
"""Digits of the longest integer that Python parses."""

_SMALL: Final = 64 * 1024
_LIGHT: Final = 1024 * 1024
_FEW_CONTAINERS: Final = 5_000
_FEW_COMMAS: Final = 20_000


class NotJson(Problem):
    """The text is not JSON, is nested too deep, or is not valid Unicode."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number with a fraction or an exponent, or a very long integer, as it was written."""

    text: str


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text in UTF-8: None, bool, str, int, Number, list and dict.

    Of repeated names the last counts, in the place of the first. Raises NotJson for anything that
    RFC 8259 does not allow (`NaN`, a byte order mark), for half a surrogate pair, for a text nested
    deeper than 32, and for one with more values than any request needs.
    """
    containers = _count_containers(raw)
    if not _is_quick_to_parse(raw, containers):
        _refuse_excess(raw, containers)
        document = _parse_in_steps(raw)
    else:
        try:
            document = _FAST.decode(raw)
        except msgspec.ValidationError:
            # Valid JSON with an integer that is too long for msgspec.
            document = _parse_in_steps(raw)
        except (ValueError, RecursionError):
            raise NotJson from None
    # Brackets in strings count too, so a low count proves that no check is needed.
    if containers > DEPTH:
        _refuse_depth(document)
    return document


def is_quick_to_parse(raw: bytes) -> bool:
    """Whether parsing the text takes a few milliseconds at most, whatever it contains."""
    return len(raw) <= _LIGHT and _is_quick_to_parse(raw, _count_containers(raw))


def encode_json(value: object, *, is_sorted: bool = False) -> bytes:
    """The shortest text of a value that `parse_json` returned, each number as it was written."""
    return msgspec.json.encode(_exact(value), order="sorted" if is_sorted else None)


def _count_containers(raw: bytes) -> int:
    return raw.count(b"{") + raw.count(b"[")


def _is_quick_to_parse(raw: bytes, containers: int) -> bool:
    if len(raw) <= _SMALL:
        return containers <= _FEW_CONTAINERS
    return len(raw) <= _LIGHT and containers <= _FEW_CONTAINERS and raw.count(b",") <= _FEW_COMMAS


def _refuse_excess(raw: bytes, containers: int) -> None:
    """Refuse more values than any request needs, and numbers that take long to parse."""
    if containers > MAX_CONTAINERS or raw.count(b",") > MAX_COMMAS:
        raise NotJson
    # A number of 128 KiB or more fills at least one of these pieces.
    if any(raw[start : start + _SMALL].isdigit() for start in range(0, len(raw), _SMALL)):
        raise NotJson


def _parse_in_steps(raw: bytes) -> object:
    try:
        document: object = _STEPPED.decode(raw.decode())
        if b"\\u" in raw:
            _refuse_half_pairs(document)
    except (JSONDecodeError, UnicodeError, RecursionError):
        raise NotJson from None
    return document


def _read_integer(text: str) -> int | Number:
    return int(text) if len(text.lstrip("-")) <= _DIGITS else Number(text)


def _refuse_constant(_: str) -> NoReturn:
    raise NotJson


_FAST: Final = msgspec.json.Decoder(float_hook=Number)


class _SteppedDecoder(JSONDecoder):
    """Python's decoder without its parts in C, except for single strings."""

    def __init__(self) -> None:
        super().__init__(
            parse_int=_read_integer,
            parse_float=Number,
            parse_constant=_refuse_constant,
            strict=True,
        )
        self.scan_once = py_make_scanner(self)


_STEPPED: Final = _SteppedDecoder()


def _refuse_depth(document: object) -> None:
    layer: list[object] = [document] if isinstance(document, (dict, list)) else []
    for _ in range(DEPTH):
        layer = [
            child
            for container in layer
            for child in _children(container)
            if isinstance(child, (dict, list))
        ]
    if layer:
        raise NotJson


def _children(container: object) -> Iterator[object]:
    match container:
        case dict():
            yield from container.values()
        case list():
            yield from container


def _refuse_half_pairs(document: object) -> None:
    """Raise UnicodeEncodeError for half a surrogate pair, which only an escape can contain."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            value.encode()
        elif isinstance(value, dict):
            waiting.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _exact(value: object) -> object:
    match value:
        case Number():
            return msgspec.Raw(value.text.encode())
        case bool():
            return value
        case int():
            # msgspec cannot encode integers beyond 64 bits.
            return msgspec.Raw(str(value).encode())
        case dict():
            return {name: _exact(member) for name, member in value.items()}
        case list():
            return [_exact(member) for member in value]
        case _:
            return value
