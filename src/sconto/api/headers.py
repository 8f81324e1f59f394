"""The header fields of a request."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.types import Scope

_FIELDS = "fields"


def fields_of(scope: Scope) -> Mapping[bytes, bytes]:
    """The first field of each name; names are in lower case.

    They are collected once for a request, because some ten are looked for.
    """
    fields: dict[bytes, bytes] | None = scope.get(_FIELDS)
    if fields is None:
        fields = scope[_FIELDS] = dict(reversed(scope["headers"]))
    return fields


def find_header(request: Request, name: bytes) -> str | None:
    """The first field of a name in lower case."""
    value = fields_of(request.scope).get(name)
    return None if value is None else value.decode("latin-1")
