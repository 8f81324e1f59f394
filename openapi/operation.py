"""What the description says of one operation: an address and a method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Content:
    """A body of one media type: a Pydantic model, or any other type that Pydantic can describe.

    A model has its own example; `example` replaces it, and `examples` are several with names.
    """

    of: Any
    example: object = None
    examples: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The meaning of an answer, and its bodies by media type."""

    description: str
    content: Mapping[str, Content] = field(default_factory=dict)


@dataclass(frozen=True)
class Parameter:
    """A part of the address, a parameter of the query, or a header."""

    name: str
    place: Literal["path", "query", "header"]
    of: Any
    description: str = ""
    example: object = None


@dataclass(frozen=True)
class Operation:
    """An operation, with its answers by status, and its request body by media type."""

    tag: str
    summary: str
    answers: Mapping[int, Answer]
    body: Mapping[str, Content] = field(default_factory=dict)
    parameters: Sequence[Parameter] = ()
    needs_token: bool = True


def as_json(of: Any, example: object = None) -> dict[str, Content]:
    """A body that is JSON."""
    return {"application/json": Content(of, example)}
