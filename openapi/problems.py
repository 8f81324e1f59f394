"""Errors of our own APIs, checkout and catalogue: problem details (RFC 9457)."""

from typing import Annotated

from pydantic import BaseModel, Field

from openapi.fields import Absent
from openapi.operation import Answer, Content
from sconto.api.problem_json import MEDIA_TYPE


class InvalidField(BaseModel):
    """A field that is not valid."""

    pointer: Annotated[
        str, Field(description="A JSON pointer (RFC 6901) into the body or the query.")
    ]
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457); `errors` only where fields are not valid."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[InvalidField] | Absent = None


def refusal(description: str, of: type[BaseModel] = Problem, example: object = None) -> Answer:
    """An answer that refuses a request."""
    return Answer(description, {MEDIA_TYPE: Content(of, example)})
