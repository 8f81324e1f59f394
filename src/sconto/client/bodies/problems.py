"""The bodies of `problems` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import NotRequired, TypedDict


class InvalidField(TypedDict):
    """A field that is not valid."""

    pointer: str
    """A JSON pointer (RFC 6901) into the body or the query."""
    detail: str


class Problem(TypedDict):
    """An error (RFC 9457); `errors` only where fields are not valid."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[InvalidField]]
