"""A dialect: the words in which one published format says what went wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

Envelope = Callable[[int, str, Mapping[str, str]], Response]
"""Makes an answer of a status, a sentence and headers."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a format answers exceptions.

    `answers` has those that the format words in its own way, by their class; a base class answers
    for the classes below it. Everything else, from an unknown address to a failure of ours, is
    put into the `envelope`.
    """

    envelope: Envelope
    answers: Mapping[type[Exception], Callable[[Any], Response]]
