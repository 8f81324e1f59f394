"""JSON exactly as RFC 8259 has it, with numbers kept as they were written."""

from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Final, NoReturn

from sconto.domain.problems import Problem

DEPTH: Final = 32
"""How many objects and arrays may stand in each other."""

_DIGITS_OF_64_BITS: Final = 19
_LARGEST: Final = 2**63 - 1


class NotJson(Problem):
    """The text is not JSON, or not JSON that can be kept: nested too deep, or no Unicode."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written: neither its decimals nor its size are lost."""

    text: str

    def whole(self) -> int | None:
        """The number, where it is written as an integer of at most 64 bits."""
        digits = self.text.removeprefix("-")
        if not digits.isdecimal() or len(digits) > _DIGITS_OF_64_BITS:
            return None
        value = int(self.text)
        return value if -_LARGEST <= value <= _LARGEST else None


def parse_json(raw: bytes) -> object:
    """The value of a JSON text in UTF-8: None, bool, str, Number, list and dict.

    Of repeated names the last counts, standing where the first stood. Raises NotJson for anything
    that RFC 8259 does not allow (`NaN`, a byte order mark), for half a surrogate pair, and for
    what is nested deeper than 32.
    """
    try:
        document: object = _DECODER.decode(raw.decode())
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise NotJson from None
    _refuse_depth(document)
    if b"\\u" in raw:
        _refuse_half_pairs(document)
    return document


def _refuse_constant(_: str) -> NoReturn:
    raise NotJson


_DECODER: Final = JSONDecoder(
    parse_int=Number, parse_float=Number, parse_constant=_refuse_constant, strict=True
)


def _refuse_depth(document: object) -> None:
    layer = [document] if isinstance(document, dict | list) else []
    for _ in range(DEPTH):
        layer = [
            child
            for container in layer
            for child in _children(container)
            if isinstance(child, dict | list)
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
    """Only an escape can bring one in: UTF-8 itself has none."""
    waiting = [document]
    try:
        while waiting:
            value = waiting.pop()
            if isinstance(value, str):
                value.encode()
            elif isinstance(value, dict):
                waiting.extend(value)
                waiting.extend(value.values())
            elif isinstance(value, list):
                waiting.extend(value)
    except UnicodeEncodeError:
        raise NotJson from None
